//! What a request for many files does while the store does not answer: it waits for that once, and not once for every few
//! files, so that its caller learns of the outage as soon as the caller of one file does.

use std::sync::OnceLock;

use crate::drive::{Error, Result};

/// Whether the store has left a question of a request without an answer.
#[derive(Default)]
pub(super) struct Outage(OnceLock<Error>);

impl Outage {
    /// Asks the store, unless it has already left another question of this request without an answer.
    pub(super) async fn ask<T>(&self, asking: impl Future<Output = Result<T>>) -> Result<T> {
        if let Some(outage) = self.0.get() {
            return Err(outage.clone());
        }
        let answer = asking.await;
        if let Err(err @ Error::StoreUnreachable { .. }) = &answer {
            // Another question may have been faster; both say the same.
            let _ = self.0.set(err.clone());
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_an_outage_ends_the_questions() {
        let outage = Outage::default();
        let unreachable = || Error::StoreUnreachable { detail: "silent".into() };
        assert_eq!(
            outage.ask(async { Err::<(), _>(Error::FinalizePending) }).await,
            Err(Error::FinalizePending)
        );
        assert_eq!(outage.ask(async { Ok(1) }).await, Ok(1));
        assert_eq!(outage.ask(async { Err::<(), _>(unreachable()) }).await, Err(unreachable()));
        let never = async { panic!("the store is asked again") };
        assert_eq!(outage.ask::<()>(never).await, Err(unreachable()));
    }
}
