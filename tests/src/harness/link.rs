//! A TCP link between client and server that can be cut, and that counts what it carries.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
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
    /// Every connection goes to the server twice.
    doubles: AtomicBool,
    up: Lane,
    down: Lane,
}

/// One direction.
#[derive(Debug)]
struct Lane {
    carried: AtomicU64,
    /// Bytes that may still pass before everything is cut; `u64::MAX` for no cut.
    left: AtomicU64,
    /// Every connection breaks at its first byte in this direction.
    breaks_at_once: AtomicBool,
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
            doubles: AtomicBool::new(false),
            up: Lane::open(),
            down: Lane::open(),
        });
        let accepting = tokio::spawn(accept(listener, to, Arc::clone(&state)));
        Self { address, state, accepting }
    }

    /// Cuts every connection once `bytes` more went up; the link then stays dead until
    /// [`Link::heal`].
    pub fn cut_after_up(&self, bytes: u64) {
        self.state.up.left.store(bytes, Ordering::SeqCst);
    }

    /// Cuts every connection once `bytes` more came down.
    pub fn cut_after_down(&self, bytes: u64) {
        self.state.down.left.store(bytes, Ordering::SeqCst);
    }

    /// Carries every request whole, and breaks before the first byte of its answer, until
    /// [`Link::heal`].
    pub fn lose_answers(&self) {
        self.state.down.breaks_at_once.store(true, Ordering::SeqCst);
    }

    /// Carries what the client sends to the server twice at the same time, over two connections; the
    /// client gets the answer of the first. Until [`Link::heal`], for new connections.
    pub fn double(&self) {
        self.state.doubles.store(true, Ordering::SeqCst);
    }

    /// Carries everything again.
    pub fn heal(&self) {
        for lane in [&self.state.up, &self.state.down] {
            lane.left.store(u64::MAX, Ordering::SeqCst);
            lane.breaks_at_once.store(false, Ordering::SeqCst);
        }
        self.state.doubles.store(false, Ordering::SeqCst);
    }

    /// What was carried so far.
    pub fn traffic(&self) -> Traffic {
        let load = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        let state = &self.state;
        Traffic {
            connections: load(&state.connections),
            up: load(&state.up.carried),
            down: load(&state.down.carried),
        }
    }
}

impl Lane {
    fn open() -> Self {
        Self {
            carried: AtomicU64::new(0),
            left: AtomicU64::new(u64::MAX),
            breaks_at_once: AtomicBool::new(false),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, to: SocketAddr, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let dead = [&state.up, &state.down].iter().any(|lane| lane.left.load(Ordering::SeqCst) == 0);
        if !dead {
            state.connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(carry(client, to, Arc::clone(&state)));
        }
    }
}

async fn carry(client: TcpStream, to: SocketAddr, state: Arc<State>) {
    let Ok(server) = TcpStream::connect(to).await else { return };
    let (mut from_client, to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    let mut to_server = vec![to_server];
    if state.doubles.load(Ordering::SeqCst) {
        to_server.extend(second_way(to, &state).await);
    }
    let mut to_client = [to_client];
    let up = pump(&mut from_client, &mut to_server, &state.up);
    let down = pump(&mut from_server, &mut to_client, &state.down);
    // Whichever side ends first takes the other with it once it was cut; otherwise both drain.
    tokio::pin!(up, down);
    tokio::select! {
        cut = &mut up => if !cut { down.await; },
        cut = &mut down => if !cut { up.await; },
    }
}

/// Another connection to the server, whose answers nobody reads.
async fn second_way(to: SocketAddr, state: &State) -> Option<OwnedWriteHalf> {
    let (mut answers, way) = TcpStream::connect(to).await.ok()?.into_split();
    state.connections.fetch_add(1, Ordering::SeqCst);
    tokio::spawn(async move { tokio::io::copy(&mut answers, &mut tokio::io::sink()).await });
    Some(way)
}

/// Carries one direction; true when it ended because the link was cut.
async fn pump(from: &mut OwnedReadHalf, to: &mut [OwnedWriteHalf], lane: &Lane) -> bool {
    let mut buffer = [0; 4096];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            for way in to {
                let _ = way.shutdown().await;
            }
            return false;
        };
        if lane.breaks_at_once.load(Ordering::SeqCst) {
            return true;
        }
        let wanted = read as u64;
        let mut allowed = wanted;
        let spend = |before: u64| match before {
            u64::MAX => Some(u64::MAX),
            some => {
                allowed = wanted.min(some);
                Some(some - allowed)
            }
        };
        let _ = lane.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend);
        let piece = &buffer[..usize::try_from(allowed).expect("at most the buffer")];
        lane.carried.fetch_add(allowed, Ordering::SeqCst);
        for way in &mut *to {
            if way.write_all(piece).await.is_err() {
                return true;
            }
        }
        if allowed < wanted {
            return true;
        }
    }
}
