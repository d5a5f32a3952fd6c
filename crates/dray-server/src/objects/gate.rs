//! No request reaches a store before it has been proven to be the drive's: otherwise the drive would remove what another
//! store lacks, and would put new files where nobody finds them. A server whose store was unreachable at its start proves it
//! with the first request that can. All who wait meanwhile share one proof.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use crate::drive::{Error, Result};

/// The id of the mark that the store was seen to have; `None` if it cannot be marked.
pub type Mark = Option<String>;

type Proof = Shared<BoxFuture<'static, Result<Mark>>>;

/// What a bucket's requests pass.
#[derive(Default)]
pub(super) struct Gate {
    mark: OnceLock<Mark>,
    /// Proves the store; `None` if nobody has asked for a proof.
    prove: Option<Box<dyn Fn() -> BoxFuture<'static, Result<Mark>> + Send + Sync>>,
    under_way: Mutex<Option<Proof>>,
}

impl Gate {
    /// A gate that opens when `prove` has succeeded.
    pub(super) fn closed(
        prove: impl Fn() -> BoxFuture<'static, Result<Mark>> + Send + Sync + 'static,
    ) -> Self {
        Self { prove: Some(Box::new(prove)), ..Self::default() }
    }

    /// A gate that is open, because the store was seen to have this mark.
    pub(super) fn open(mark: Mark) -> Self {
        Self { mark: OnceLock::from(mark), ..Self::default() }
    }

    /// The mark that the store was seen to have.
    pub(super) fn mark(&self) -> Option<&str> {
        self.mark.get()?.as_deref()
    }

    /// Returns when requests may pass.
    pub(super) async fn pass(&self) -> Result<()> {
        let Some(prove) = &self.prove else { return Ok(()) };
        if self.mark.get().is_some() {
            return Ok(());
        }
        let proof = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            match &*under_way {
                Some(proof) if proof.peek().is_none() => proof.clone(),
                _ => under_way.insert(in_a_task(prove())).clone(),
            }
        };
        let mark = proof.await?;
        // An error means that another caller was faster.
        let _ = self.mark.set(mark);
        Ok(())
    }
}

/// The proof runs in a task of its own, so that it ends even if everybody who waits goes away.
fn in_a_task(proof: BoxFuture<'static, Result<Mark>>) -> Proof {
    let proof = tokio::spawn(proof.inspect(|proven| {
        if let Err(err) = proven
            && !err.is_passing()
        {
            tracing::error!(%err, "nothing is sent to the store");
        }
    }));
    async move { proof.await.map_err(Error::internal)? }.boxed().shared()
}

/// A gate that several handles of a bucket share.
pub(super) type SharedGate = Arc<Gate>;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn a_store_that_is_away_is_asked_again_and_a_proof_is_made_once() {
        let asked = Arc::<AtomicUsize>::default();
        let count = asked.clone();
        let gate = Gate::closed(move || {
            let number = count.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::task::yield_now().await;
                match number {
                    0 => Err(Error::StoreUnreachable { detail: "away".into() }),
                    _ => Ok(Some("mark".to_owned())),
                }
            }
            .boxed()
        });
        let passed = join_all((0..3).map(|_| gate.pass())).await;
        assert!(passed.iter().all(Result::is_err), "{passed:?}");
        assert_eq!((asked.load(Ordering::SeqCst), gate.mark()), (1, None), "all share one proof");
        let passed = join_all((0..3).map(|_| gate.pass())).await;
        assert!(passed.iter().all(Result::is_ok), "{passed:?}");
        gate.pass().await.unwrap();
        assert_eq!((asked.load(Ordering::SeqCst), gate.mark()), (2, Some("mark")));
    }
}
