//! What can go wrong between this device and the server.

use super::{PROBLEM_BYTES_MAX, is_busy};
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use std::io::ErrorKind;
use std::time::Duration;
use sync_core::time::Timestamp;

/// What can go wrong between this device and the server.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The HTTP client cannot be made.
    #[error("this machine cannot make secure connections")]
    Setup {
        /// Why.
        source: reqwest::Error,
    },
    /// No connection, or it broke.
    #[error("{base} cannot be reached: {obstacle}")]
    Unreachable {
        /// Where the server should answer.
        base: String,
        /// Whether the connection never came about.
        connecting: bool,
        /// What stood in the way.
        obstacle: Obstacle,
    },
    /// The connection stands, but nothing moves.
    #[error("{base} does not answer")]
    Silent {
        /// Where the server should answer.
        base: String,
    },
    /// Somebody else answers there: a captive portal, another service.
    #[error("what answers at {base} is no Fieldloop server")]
    NotFieldloop {
        /// Where the server should answer.
        base: String,
    },
    /// The server has too much to do.
    #[error("the server is busy")]
    Busy {
        /// How long to stay away.
        retry_after: Option<Duration>,
    },
    /// The server refuses these credentials or this device.
    #[error("the server refuses this device: {}", problem.title)]
    Refused {
        /// What it said.
        problem: Box<RemoteProblem>,
    },
    /// The server refuses this request, or failed on it.
    #[error("the server answered {}: {}", problem.status, problem.title)]
    Problem {
        /// What it said.
        problem: Box<RemoteProblem>,
    },
}

/// What the server said about a failure (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteProblem {
    /// HTTP status.
    pub status: u16,
    /// Last part of `type`, for example `device-revoked`; empty when there was no document.
    pub code: String,
    /// What happened, in the language that was asked for.
    pub title: String,
    /// What to do.
    pub detail: String,
    /// A nonce to sign, when the device's clock is off.
    pub nonce: Option<String>,
    /// The server's clock, when the device's is off.
    pub server_time: Option<Timestamp>,
    /// `Upload-Offset` of the answer, for uploads.
    pub upload_offset: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    r#type: String,
    title: String,
    detail: String,
    nonce: Option<String>,
    server_time_ms: Option<i64>,
}

/// The error that an answer with a failing status means.
pub(super) async fn of_response(response: Response, base: &str) -> ClientError {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let upload_offset =
        response.headers().get("upload-offset").and_then(|value| value.to_str().ok()?.parse().ok());
    let document = super::read_body(response, PROBLEM_BYTES_MAX).await.ok();
    let document: Option<Document> = document.and_then(|body| serde_json::from_slice(&body).ok());
    if is_busy(status) {
        return ClientError::Busy { retry_after: retry_after.map(Duration::from_secs) };
    }
    if document.is_none() && (status.is_redirection() || status.is_client_error()) && upload_offset.is_none()
    {
        // Our own refusals always carry a document: this is a portal or a proxy.
        return ClientError::NotFieldloop { base: base.to_owned() };
    }
    let document = document.unwrap_or_default();
    let problem = Box::new(RemoteProblem {
        status: status.as_u16(),
        code: document.r#type.rsplit(':').next().unwrap_or_default().to_owned(),
        title: if document.title.is_empty() { status.to_string() } else { document.title },
        detail: document.detail,
        nonce: document.nonce,
        server_time: document.server_time_ms.map(Timestamp::from_unix_ms),
        upload_offset,
    });
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ClientError::Refused { problem },
        _ => ClientError::Problem { problem },
    }
}

impl ClientError {
    /// Whether the same request may succeed in a moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Silent { .. } | Self::Busy { .. } => true,
            // A disk that is full stays full for a while.
            Self::Problem { problem } if problem.status == 507 => false,
            Self::Problem { problem } => problem.status >= 500 || problem.status == 408,
            Self::Setup { .. } | Self::NotFieldloop { .. } | Self::Refused { .. } => false,
        }
    }

    /// Whether no connection came about.
    pub fn is_connecting(&self) -> bool {
        matches!(self, Self::Unreachable { connecting: true, .. })
    }

    /// How long the server asked to stay away.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after } => *retry_after,
            _ => None,
        }
    }

    /// Short code for the beacon and for scripts; says nothing about people or places.
    pub fn code(&self) -> &str {
        match self {
            Self::Setup { .. } => "setup",
            Self::Unreachable { connecting: true, .. } => "no-connection",
            Self::Unreachable { connecting: false, .. } => "connection-broke",
            Self::Silent { .. } => "no-answer",
            Self::NotFieldloop { .. } => "not-fieldloop",
            Self::Busy { .. } => "busy",
            Self::Refused { problem } | Self::Problem { problem } if problem.code.is_empty() => {
                "server-failed"
            }
            Self::Refused { problem } | Self::Problem { problem } => &problem.code,
        }
    }
}

/// What stands between this device and the server, as far as the system told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// There is no network, or no way to the server in it.
    #[error("no network")]
    NoNetwork,
    /// The name of the server leads nowhere: mostly there is no network either.
    #[error("the name of the server cannot be looked up")]
    NameUnknown,
    /// The machine answers, but no server runs there.
    #[error("nothing listens there")]
    NothingListens,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection ended in the middle.
    #[error("the connection ended early")]
    Cut,
    /// Whoever answers is not trusted.
    #[error("certificate not trusted: {said}")]
    Certificate {
        /// What the system said.
        said: String,
    },
    /// Whoever answers does not speak TLS.
    #[error("the server answers without encryption")]
    Unencrypted,
    /// Anything else, as the system said it.
    #[error("{said}")]
    Other {
        /// What the system said.
        said: String,
    },
}

impl Obstacle {
    /// Told from the innermost cause that has a kind, else from the innermost words.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let (mut timed_out, mut obstacle) = (error.is_timeout(), None);
        let mut source: &dyn std::error::Error = error;
        while let Some(next) = source.source() {
            source = next;
            let kind = source.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
            timed_out |= kind == Some(ErrorKind::TimedOut);
            obstacle = kind.and_then(Self::of_kind).or(obstacle);
        }
        let said = source.to_string();
        match obstacle {
            Some(obstacle) => obstacle,
            None if timed_out => Self::TimedOut,
            None if said.contains("lookup address") || said.contains("dns error") => Self::NameUnknown,
            None if said.contains("InvalidContentType") => Self::Unencrypted,
            None if said.contains("certificate") => Self::Certificate { said },
            None => Self::Other { said },
        }
    }

    fn of_kind(kind: ErrorKind) -> Option<Self> {
        match kind {
            ErrorKind::ConnectionRefused => Some(Self::NothingListens),
            ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NetworkDown => {
                Some(Self::NoNetwork)
            }
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Some(Self::Cut),
            _ => None,
        }
    }
}
