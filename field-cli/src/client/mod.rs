//! Talking to the server: one connection pool, a deadline on everything, credentials that renew
//! themselves.
//!
//! No request has a limit on its whole duration, since a good photo over a bad link takes an
//! hour; what is limited is how long nothing may move.
//!
//! Deliberately not here: what is said in an exchange (`sync_core`), and when to say it again
//! (`crate::sync`).

mod assertion;
mod backoff;
mod error;
mod idle;
mod uploads;

pub use assertion::assertion;
pub use backoff::Backoff;
pub use error::{ClientError, Obstacle, RemoteProblem};
pub use uploads::{Announced, Rate, Sent, UploadError, Watch};

use crate::machine::Machine;
use crate::store::{Identity, Token};
use bytes::Bytes;
use reqwest::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use std::sync::Mutex;
use std::time::Duration;
use sync_core::log::SigningKey;
use sync_core::protocol::{EnrolmentAnswer, EnrolmentRequest, MEDIA_TYPE};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long nothing may move before a request is given up.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// A token that ends this soon is not used any more.
const TOKEN_MARGIN_MS: i64 = 30_000;
/// How often one request is repeated because its credentials were not taken.
const AUTHORISE_ATTEMPTS: u32 = 3;
/// Largest problem document that is read.
const PROBLEM_BYTES_MAX: usize = 64 * 1024;
/// Largest answer to an enrolment.
const ENROLMENT_BYTES_MAX: usize = 64 * 1024;

/// A server, without credentials.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    language: &'static str,
}

/// A server, with the credentials of this device.
pub struct DeviceClient {
    client: Client,
    machine: Machine,
    identity: Identity,
    key: SigningKey,
    credentials: Mutex<Credentials>,
}

/// What this device may show instead of a new assertion.
#[derive(Debug, Clone, Default)]
struct Credentials {
    token: Option<Token>,
    /// Asked for by the server, because the device's clock is off.
    nonce: Option<String>,
    /// Device clock minus server clock.
    clock_offset_ms: i64,
}

impl Client {
    /// The server at `base`, answering in `language` (a BCP 47 tag).
    ///
    /// # Errors
    /// When the system's certificates cannot be loaded.
    pub fn new(base: &str, language: &'static str) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("field/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|source| ClientError::Setup { source })?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), language })
    }

    /// Where the server answers.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Enrols a device.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn enrol(&self, request: &EnrolmentRequest) -> Result<EnrolmentAnswer, ClientError> {
        let response = self.send(self.request(Method::POST, "/v1/enrolments").json(request), 0).await?;
        let body = read_body(response, ENROLMENT_BYTES_MAX).await?;
        serde_json::from_slice(&body).map_err(|_| ClientError::NotFieldloop { base: self.base.clone() })
    }

    /// Whether the server answers at all, and how far its clock is from `machine`'s.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn is_alive(&self) -> Result<(), ClientError> {
        self.send(self.request(Method::GET, "/healthz"), 0).await.map(drop)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        self.http.request(method, url).header(ACCEPT_LANGUAGE, self.language)
    }

    /// Sends a request whose body is small, or of `body_bytes` that are in memory already, and
    /// turns every refusal into an error.
    async fn send(&self, request: RequestBuilder, body_bytes: usize) -> Result<Response, ClientError> {
        let patience = idle::patience(body_bytes);
        let sent = tokio::time::timeout(patience, request.send()).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(source)) => return Err(self.unreachable(&source)),
            Err(_) => return Err(ClientError::Silent { base: self.base.clone() }),
        };
        self.judge(response).await
    }

    async fn judge(&self, response: Response) -> Result<Response, ClientError> {
        if response.status().is_success() {
            return Ok(response);
        }
        Err(error::of_response(response, &self.base).await)
    }

    fn unreachable(&self, source: &reqwest::Error) -> ClientError {
        ClientError::Unreachable {
            base: self.base.clone(),
            connecting: source.is_connect(),
            obstacle: Obstacle::of(source),
        }
    }
}

impl DeviceClient {
    /// The server of `identity`, as this device.
    ///
    /// # Errors
    /// When the system's certificates cannot be loaded.
    pub fn new(
        identity: Identity,
        key: SigningKey,
        machine: Machine,
        language: &'static str,
    ) -> Result<Self, ClientError> {
        let client = Client::new(&identity.server_url, language)?;
        Ok(Self { client, machine, identity, key, credentials: Mutex::default() })
    }

    /// Remembers a token and how far this device's clock is off.
    pub fn set_token(&self, token: Option<Token>, clock_offset_ms: Option<i64>) {
        let mut credentials = self.credentials();
        credentials.token = token;
        if let Some(offset) = clock_offset_ms {
            credentials.clock_offset_ms = offset;
        }
    }

    /// One exchange: a composed body up, the answer's body down.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or its answer exceeds the limit. A cut answer
    /// is no error: what came of it is returned.
    pub async fn exchange(&self, body: &[u8], answer_bytes_max: usize) -> Result<Vec<u8>, ClientError> {
        let bytes = Bytes::copy_from_slice(body);
        let build = |client: &Client| {
            let request = client.request(Method::POST, "/v1/exchange");
            request.header(CONTENT_TYPE, MEDIA_TYPE).body(bytes.clone())
        };
        let response = self.authorised(body.len(), build).await?;
        let is_ours = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes() == MEDIA_TYPE.as_bytes());
        if !is_ours {
            return Err(ClientError::NotFieldloop { base: self.client.base.clone() });
        }
        read_what_comes(response, answer_bytes_max).await
    }

    /// Sends a request with credentials, again with fresh ones when they are not taken.
    async fn authorised(
        &self,
        body_bytes: usize,
        build: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, ClientError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let request = build(&self.client).header(AUTHORIZATION, self.authorization());
            match self.client.send(request, body_bytes).await {
                Err(ClientError::Refused { problem })
                    if attempt < AUTHORISE_ATTEMPTS && self.renew(&problem) => {}
                other => return other,
            }
        }
    }

    /// The value of the `Authorization` header: the token while it is good, else a new assertion.
    fn authorization(&self) -> String {
        let credentials = self.credentials().clone();
        let now = self.machine.now();
        if let Some(token) = credentials.token.filter(|token| token.until.since_ms(now) > TOKEN_MARGIN_MS) {
            return format!("Bearer {}", token.secret);
        }
        let at = now.plus_ms(-credentials.clock_offset_ms);
        let jti = data_encoding::HEXLOWER.encode(&self.machine.bytes::<16>());
        let nonce = credentials.nonce.as_deref();
        format!(
            "Assertion {}",
            assertion(&self.key, self.identity.device, self.identity.server, at, &jti, nonce)
        )
    }

    /// Prepares other credentials after these were refused; false when none would be better.
    fn renew(&self, problem: &RemoteProblem) -> bool {
        let mut credentials = self.credentials();
        match problem.code.as_str() {
            "token-expired" | "token-invalid" | "token-missing" => credentials.token.take().is_some(),
            "assertion-replayed" => true,
            "nonce-needed" => {
                credentials.token = None;
                credentials.nonce.clone_from(&problem.nonce);
                if let Some(server_time) = problem.server_time {
                    credentials.clock_offset_ms = self.machine.now().since_ms(server_time);
                }
                problem.nonce.is_some()
            }
            _ => false,
        }
    }

    fn credentials(&self) -> std::sync::MutexGuard<'_, Credentials> {
        self.credentials.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The whole body, at most `bytes_max`; a cut one is an error.
async fn read_body(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, ClientError> {
    let base = response.url().origin().ascii_serialization();
    let mut body = Vec::new();
    loop {
        match tokio::time::timeout(IDLE_TIMEOUT, response.chunk()).await {
            Ok(Ok(None)) => return Ok(body),
            Ok(Ok(Some(piece))) if body.len() + piece.len() <= bytes_max => body.extend_from_slice(&piece),
            Ok(Ok(Some(_))) => return Err(ClientError::NotFieldloop { base }),
            Ok(Err(source)) => {
                let obstacle = Obstacle::of(&source);
                return Err(ClientError::Unreachable { base, connecting: false, obstacle });
            }
            Err(_) => return Err(ClientError::Silent { base }),
        }
    }
}

/// As much of the body as arrives: a frame that came whole is good whatever comes after it.
async fn read_what_comes(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, ClientError> {
    let base = response.url().origin().ascii_serialization();
    let mut body = Vec::new();
    loop {
        match tokio::time::timeout(IDLE_TIMEOUT, response.chunk()).await {
            Ok(Ok(Some(piece))) if body.len() + piece.len() <= bytes_max => body.extend_from_slice(&piece),
            Ok(Ok(Some(_))) => return Err(ClientError::NotFieldloop { base }),
            Ok(Ok(None)) => return Ok(body),
            Ok(Err(_)) | Err(_) if !body.is_empty() => return Ok(body),
            Ok(Err(source)) => {
                let obstacle = Obstacle::of(&source);
                return Err(ClientError::Unreachable { base, connecting: false, obstacle });
            }
            Err(_) => return Err(ClientError::Silent { base }),
        }
    }
}

/// Whether the status says "later".
fn is_busy(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}
