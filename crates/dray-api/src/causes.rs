//! An error and its causes as text. Most libraries leave the causes out of an error's own text. All crates use these
//! functions.

/// An error and its causes, outermost first, with colons between them.
pub fn with_causes(err: &dyn std::error::Error) -> String {
    causes_after(&err.to_string(), err)
}

/// The given text and the causes of an error, for an error whose own text must not be shown.
pub fn causes_after(text: &str, err: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(err.source(), |cause| cause.source());
    causes.fold(text.to_owned(), |text, cause| format!("{text}: {cause}"))
}

/// The text of the innermost cause, which tells a person most: "connection refused".
pub fn innermost_cause(err: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(err), |cause| cause.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
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

    #[test]
    fn the_innermost_cause_of_an_error_without_causes_is_the_error_itself() {
        let cause = std::fmt::Error;
        assert_eq!(innermost_cause(&Outer(cause)), cause.to_string());
        assert_eq!(innermost_cause(&cause), cause.to_string());
    }
}
