//! A TCP link between client and server that can be cut, and that counts what it carries.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a link has carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Connections taken.
    pub connections: u64,
    /// Bytes from the client.
    pub up: u64,
    /// Bytes to the client.
    pub down: u64,
}

#[derive(Debug)]
struct State {
    connections: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
    /// Bytes that may still go up before everything is cut; `u64::MAX` for no cut.
    up_left: AtomicU64,
    /// The same for bytes that come down.
    down_left: AtomicU64,
}

/// A link on loopback in front of a server. Ends with its value.
#[derive(Debug)]
pub struct Link {
    /// Where clients connect.
    pub address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Link {
    /// A perfect link to the server at `to`.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub async fn to(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Arc::new(State {
            connections: AtomicU64::new(0),
            up: AtomicU64::new(0),
            down: AtomicU64::new(0),
            up_left: AtomicU64::new(u64::MAX),
            down_left: AtomicU64::new(u64::MAX),
        });
        let accepting = tokio::spawn(accept(listener, to, Arc::clone(&state)));
        Self { address, state, accepting }
    }

    /// Cuts every connection once `bytes` more went up; the link then stays dead until
    /// [`Link::heal`].
    pub fn cut_after_up(&self, bytes: u64) {
        self.state.up_left.store(bytes, Ordering::SeqCst);
    }

    /// Cuts every connection once `bytes` more came down.
    pub fn cut_after_down(&self, bytes: u64) {
        self.state.down_left.store(bytes, Ordering::SeqCst);
    }

    /// Takes connections again.
    pub fn heal(&self) {
        self.state.up_left.store(u64::MAX, Ordering::SeqCst);
        self.state.down_left.store(u64::MAX, Ordering::SeqCst);
    }

    /// What was carried so far.
    pub fn traffic(&self) -> Traffic {
        let load = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        let state = &self.state;
        Traffic { connections: load(&state.connections), up: load(&state.up), down: load(&state.down) }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, to: SocketAddr, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let dead = state.up_left.load(Ordering::SeqCst) == 0 || state.down_left.load(Ordering::SeqCst) == 0;
        if !dead {
            state.connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(carry(client, to, Arc::clone(&state)));
        }
    }
}

async fn carry(client: TcpStream, to: SocketAddr, state: Arc<State>) {
    let Ok(server) = TcpStream::connect(to).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = pump(&mut from_client, &mut to_server, &state.up, &state.up_left);
    let down = pump(&mut from_server, &mut to_client, &state.down, &state.down_left);
    // Whichever side ends first takes the other with it once it was cut; otherwise both drain.
    tokio::pin!(up, down);
    tokio::select! {
        cut = &mut up => if !cut { down.await; },
        cut = &mut down => if !cut { up.await; },
    }
}

/// Carries one direction; true when it ended because the link was cut.
async fn pump(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
    carried: &AtomicU64,
    left: &AtomicU64,
) -> bool {
    let mut buffer = [0; 4096];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            let _ = to.shutdown().await;
            return false;
        };
        let wanted = read as u64;
        let mut allowed = wanted;
        let spend = |before: u64| match before {
            u64::MAX => Some(u64::MAX),
            some => {
                allowed = wanted.min(some);
                Some(some - allowed)
            }
        };
        let _ = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend);
        let piece = &buffer[..usize::try_from(allowed).expect("at most the buffer")];
        carried.fetch_add(allowed, Ordering::SeqCst);
        if to.write_all(piece).await.is_err() || allowed < wanted {
            return true;
        }
    }
}
