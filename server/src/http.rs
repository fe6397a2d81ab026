//! The accept loop: what `axum::serve` lacks (measured: it keeps a silent connection for ever and cannot stop while
//! one is open).
//!
//! A connection must send its first byte and each header in time, must take its answer in time, and counts against a
//! cap. Stopping refuses new connections at once and ends every other one at a deadline, which is safe because
//! whatever was acknowledged is durable.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
use tower::ServiceExt;

/// Limits of every connection.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// Until the first byte of a connection.
    pub first_byte: Duration,
    /// From the beginning to the end of a request's header, and between requests.
    pub header_read: Duration,
    /// Without any progress in sending an answer.
    pub write_stall: Duration,
    /// Connections at once.
    pub connections_max: usize,
    /// From the wish to stop until connections are cut.
    pub shutdown: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            write_stall: Duration::from_secs(15),
            connections_max: 4096,
            shutdown: Duration::from_secs(20),
        }
    }
}

/// Serves until `stop` resolves and the last connection has ended or the deadline has passed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: HttpLimits,
    stop: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    let graceful = GracefulShutdown::new();
    let (stopping, watch_stopping) = watch::channel(());
    let mut connections = tokio::task::JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Some((stream, peer, slot)) = accepted else { continue };
        let (watcher, mut stopping) = (graceful.watcher(), watch_stopping.clone());
        let service = router.clone();
        connections.spawn(async move {
            let _slot = slot;
            // Who has sent nothing yet loses nothing.
            if begins(&stream, limits.first_byte, &mut stopping).await {
                serve_connection(stream, peer, service, limits, watcher).await;
            }
        });
    }
    drop((listener, stopping));
    let open = connections.len();
    if timeout(limits.shutdown, graceful.shutdown()).await.is_err() {
        tracing::warn!(open, "connections cut at the shutdown deadline");
    }
    connections.shutdown().await;
}

/// Takes a slot before it accepts, so that waiting connections wait in the kernel.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, slot)),
        Err(error) => {
            tracing::warn!(%error, "cannot accept");
            // Out of descriptors: trying again at once would only burn the processor.
            sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// Whether the peer says something before its time is over or the server stops.
///
/// hyper's header timeout begins with the first byte, so the wait for that is ours.
async fn begins(stream: &TcpStream, patience: Duration, stopping: &mut watch::Receiver<()>) -> bool {
    let mut first = [0];
    tokio::select! {
        // Not readable(), which may resolve without a byte being there.
        peeked = timeout(patience, stream.peek(&mut first)) => matches!(peeked, Ok(Ok(1..))),
        _ = stopping.changed() => false,
    }
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: HttpLimits,
    watcher: hyper_util::server::graceful::Watcher,
) {
    // Small answers should not wait for the next one; a socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let stream = WriteDeadline::new(stream, limits.write_stall);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended early");
    }
}

/// A stream that fails when the peer takes nothing for too long.
struct WriteDeadline {
    stream: TcpStream,
    patience: Duration,
    deadline: Pin<Box<Sleep>>,
    stalled: bool,
}

impl WriteDeadline {
    fn new(stream: TcpStream, patience: Duration) -> Self {
        Self { stream, patience, deadline: Box::pin(sleep(patience)), stalled: false }
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = false;
            return written;
        }
        if !self.stalled {
            self.stalled = true;
            self.deadline.set(sleep_until(Instant::now() + self.patience));
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for WriteDeadline {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for WriteDeadline {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    const SHORT: Duration = Duration::from_millis(150);

    async fn started(limits: HttpLimits) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let router = Router::new()
            .route("/", get(|| async { "ok" }))
            .route("/big", get(|| async { vec![b'x'; 64 << 20] }))
            .route("/slow", get(|| async { sleep(Duration::from_secs(60)).await }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, router, limits, async move {
            let _ = stopped.await;
        }));
        (address, stop, task)
    }

    fn short() -> HttpLimits {
        HttpLimits {
            first_byte: SHORT,
            header_read: SHORT,
            write_stall: SHORT,
            connections_max: 2,
            shutdown: SHORT,
        }
    }

    /// Whether the server ends the connection within a few seconds.
    async fn is_closed(stream: &mut TcpStream) -> bool {
        let mut rest = Vec::new();
        timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await.is_ok()
    }

    #[tokio::test]
    async fn silent_and_stalled_connections_are_closed() {
        let (address, _stop, _task) = started(short()).await;
        for beginning in ["", "GET / HTTP/1.1\r\nHost: x\r\nX-Half", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(beginning.as_bytes()).await.unwrap();
            assert!(is_closed(&mut stream).await, "{beginning:?}");
        }
    }

    #[tokio::test]
    async fn who_does_not_read_is_cut_off() {
        let (address, _stop, _task) = started(short()).await;
        let mut greedy = TcpStream::connect(address).await.unwrap();
        greedy.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        sleep(SHORT * 6).await;
        let mut rest = Vec::new();
        let _ = greedy.read_to_end(&mut rest).await;
        assert!(rest.len() < 64 << 20, "the whole answer was kept for a reader that was away");
    }

    #[tokio::test]
    async fn connections_beyond_the_cap_wait_for_a_place() {
        let limits = HttpLimits { first_byte: Duration::from_secs(60), ..short() };
        let (address, _stop, _task) = started(limits).await;
        let one = TcpStream::connect(address).await.unwrap();
        let _two = TcpStream::connect(address).await.unwrap();
        let mut third = TcpStream::connect(address).await.unwrap();
        third.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        assert!(timeout(SHORT, third.read_to_end(&mut answer)).await.is_err(), "accepted beyond the cap");
        drop(one);
        third.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn stopping_does_not_wait_for_stalled_connections() {
        let (address, stop, task) = started(HttpLimits { shutdown: SHORT, ..HttpLimits::default() }).await;
        let _silent = TcpStream::connect(address).await.unwrap();
        let mut stalled = TcpStream::connect(address).await.unwrap();
        stalled.write_all(b"GET / HTTP/1.1\r\nX-Half").await.unwrap();
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        sleep(SHORT).await;
        stop.send(()).unwrap();
        timeout(Duration::from_secs(5), task).await.expect("stopped at the deadline").unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
