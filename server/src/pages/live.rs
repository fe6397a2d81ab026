//! Tells open pages that something happened, so that they ask what: one stream of events for each tab, which says
//! nothing about anybody. All streams of a process live on one question to the database every two seconds.

use super::{PageRoutes, Policy, Viewer};
use crate::app::App;
use crate::problem::{self, Problem};
use crate::routing::get;
use crate::store::{self, Counter};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

/// How often the database is asked while somebody listens.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// A stream ends after this, so that who comes back is asked for a session again.
const STREAM_MAX: Duration = Duration::from_secs(600);
/// A line that says nothing, so that proxies do not take the stream for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// Streams of one process.
const STREAMS_MAX: usize = 512;

pub(super) fn pages(routes: PageRoutes) -> PageRoutes {
    routes.page("/live", Policy::SignedIn, get(listen))
}

/// The newest number of the server log, for those who listen.
#[derive(Debug)]
pub struct Live {
    /// `None` while the server does not serve.
    newest: watch::Sender<Option<i64>>,
    places: Arc<Semaphore>,
}

impl Default for Live {
    fn default() -> Self {
        Self { newest: watch::Sender::new(None), places: Arc::new(Semaphore::new(STREAMS_MAX)) }
    }
}

impl Live {
    /// Ends all streams: the server stops.
    pub fn close(&self) {
        self.newest.send_replace(None);
    }

    fn open(&self) {
        self.newest.send_replace(Some(0));
    }

    fn tell(&self, newest: i64) {
        self.newest.send_if_modified(|known| {
            known.as_mut().is_some_and(|known| std::mem::replace(known, newest) != newest)
        });
    }
}

/// Watches the server log for those who listen, until it is aborted.
pub(crate) async fn watch_log(app: App) {
    app.live.open();
    loop {
        if app.live.newest.receiver_count() > 0 {
            match newest(&app).await {
                Ok(newest) => app.live.tell(newest),
                Err(error) => tracing::debug!(%error, "the server log cannot be watched"),
            }
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

async fn newest(app: &App) -> Result<i64, store::StoreError> {
    store::last_number(&mut app.store.read().await?, Counter::SERVER_LOG).await
}

/// One tab.
struct Listener {
    newest: watch::Receiver<Option<i64>>,
    until: Instant,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// The page was made before its stream was opened: the first event has it look for what came between.
    fn to(live: &Live, place: OwnedSemaphorePermit) -> Self {
        let mut newest = live.newest.subscribe();
        newest.mark_changed();
        Self { newest, until: Instant::now() + STREAM_MAX, _place: place }
    }
}

async fn listen(State(app): State<App>, viewer: Result<Viewer, Response>) -> Result<Response, Problem> {
    // A stream is opened again and again by itself: it is not led to the sign-in page.
    let Ok(_viewer) = viewer else { return Ok(StatusCode::UNAUTHORIZED.into_response()) };
    let Ok(place) = Arc::clone(&app.live.places).try_acquire_owned() else {
        return Err(Problem::new(&problem::STORE_BUSY).retry_after(30..90));
    };
    let listener = Listener::to(&app.live, place);
    let stream = Sse::new(stream::unfold(listener, next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([("x-accel-buffering", "no")], stream).into_response())
}

/// The next event: only that there is one.
async fn next(mut listener: Listener) -> Option<(Result<Event, Infallible>, Listener)> {
    if listener.newest.borrow().is_none() {
        return None;
    }
    tokio::time::timeout_at(listener.until, listener.newest.changed()).await.ok()?.ok()?;
    let newest = (*listener.newest.borrow_and_update())?;
    Some((Ok(Event::default().event("arrived").data(newest.to_string())), listener))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::testing::Browser;
    use crate::people::tests::an_administrator;
    use crate::testing::TestApp;
    use futures_util::StreamExt;

    #[tokio::test]
    async fn who_listens_hears_of_every_news_once_and_of_the_end() {
        let test = TestApp::sqlite().await;
        test.app.live.open();
        test.app.live.tell(7);
        let place = Arc::clone(&test.app.live.places).try_acquire_owned().unwrap();
        let events = stream::unfold(Listener::to(&test.app.live, place), next);
        tokio::pin!(events);
        assert!(events.next().await.is_some(), "what came after the page and before the stream");
        test.app.live.tell(7);
        assert!(tokio::time::timeout(Duration::from_millis(20), events.next()).await.is_err(), "nothing new");
        test.app.live.tell(8);
        test.app.live.tell(9);
        assert!(events.next().await.is_some());
        test.app.live.close();
        assert!(events.next().await.is_none(), "the server stops");
    }

    #[tokio::test]
    async fn a_stream_needs_a_session_and_says_nothing_about_anybody() {
        let test = TestApp::sqlite().await;
        assert_eq!(Browser::of(&test, "nobody").get("/live").await.status, 401);
        let session = an_administrator(&test).await;
        let answer = Browser::of(&test, &session).get("/live").await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "a server that does not serve has no news");
        assert_eq!(answer.headers["content-type"], "text/event-stream");
    }

    #[tokio::test]
    async fn the_newest_number_is_that_of_the_log() {
        TestApp::for_each_engine(async |test| {
            let before = newest(&test.app).await.unwrap();
            an_administrator(&test).await;
            assert!(newest(&test.app).await.unwrap() > before);
        })
        .await;
    }
}
