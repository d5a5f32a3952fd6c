//! The text of an error with all that caused it: most libraries leave the causes out of their own text.

/// An error and its causes, outermost first, with colons between them.
pub fn with_causes(err: &dyn std::error::Error) -> String {
    causes_after(&err.to_string(), err)
}

/// The causes of an error after a text of ours, for errors whose own text must not be shown.
pub fn causes_after(text: &str, err: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(err.source(), |cause| cause.source());
    causes.fold(text.to_owned(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no connection")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn every_cause_is_in_the_text() {
        let cause = std::fmt::Error;
        assert_eq!(with_causes(&Outer(cause)), format!("no connection: {cause}"));
        assert_eq!(causes_after("refused", &Outer(cause)), format!("refused: {cause}"));
    }
}
