//! Stopping without losing an answer: counts the requests whose answers have not been sent yet.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use tokio::time::{Instant, sleep};

/// How often a stopping server looks whether the last answer has gone.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long a body that was handed over may take to leave through the socket.
const FLUSH: Duration = Duration::from_millis(50);

/// The door: open until the server stops, and the number of requests inside.
#[derive(Clone, Debug, Default)]
pub struct Drain(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    closed: AtomicBool,
    inside: AtomicUsize,
}

impl Drain {
    /// Lets a request in, or nobody any more when the server is stopping.
    pub fn enter(&self) -> Option<InFlight> {
        // First counted, then looked: in the other order a request could slip in between the last look and the end.
        self.0.inside.fetch_add(1, Ordering::SeqCst);
        let guard = InFlight(Arc::clone(&self.0));
        (!self.0.closed.load(Ordering::SeqCst)).then_some(guard)
    }

    /// Lets nobody in any more and waits, until the deadline at most, for those who are inside.
    pub async fn close(&self, deadline: Instant) {
        self.0.closed.store(true, Ordering::SeqCst);
        while self.0.inside.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
        sleep(FLUSH).await;
    }

    /// Whether the server is stopping.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }
}

/// One request inside; it leaves when this is dropped.
#[derive(Debug)]
pub struct InFlight(Arc<Counts>);

impl InFlight {
    /// Keeps the request inside until its body has been handed over.
    pub fn until_sent(self, body: BoxBody) -> BoxBody {
        BoxBody::new(CountedBody { body, _in_flight: self })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

struct CountedBody {
    body: BoxBody,
    _in_flight: InFlight,
}

impl MessageBody for CountedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn closing_waits_for_those_inside_and_lets_nobody_in() {
        let drain = Drain::default();
        let inside = drain.enter().expect("the door is open");
        let closing = tokio::spawn({
            let drain = drain.clone();
            async move { drain.close(Instant::now() + Duration::from_mins(1)).await }
        });
        sleep(Duration::from_millis(100)).await;
        assert!(!closing.is_finished());
        assert!(drain.enter().is_none());
        drop(inside);
        closing.await.unwrap();
    }

    #[tokio::test]
    async fn closing_ends_at_the_deadline() {
        let drain = Drain::default();
        let _inside = drain.enter();
        drain.close(Instant::now() + Duration::from_millis(20)).await;
    }
}
