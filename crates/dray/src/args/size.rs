//! Sizes in flags.

use bytesize::ByteSize;

/// Parses a size, such as `20GB` or `500MiB`.
pub(super) fn parse(text: &str) -> Result<ByteSize, &'static str> {
    text.parse().map_err(|_| "must be a size such as 20GB or 500MiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_size_is_refused_in_plain_words() {
        assert_eq!(parse("20GB"), Ok(ByteSize::gb(20)));
        assert_eq!(parse("500MiB"), Ok(ByteSize::mib(500)));
        for text in ["", "foo", "1 parsec", "-1"] {
            assert_eq!(parse(text), Err("must be a size such as 20GB or 500MiB"), "{text}");
        }
    }
}
