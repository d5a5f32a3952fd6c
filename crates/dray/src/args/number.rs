//! Whole numbers in flags.

use std::fmt::Display;
use std::str::FromStr;

/// A parser of whole numbers from `least` to `most`, which refuses everything else in plain words.
pub(super) fn within<T>(
    least: T,
    most: T,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Copy + Send + Sync + 'static,
{
    move |text| match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {least} to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_in_the_range_is_refused_in_plain_words() {
        let parse = within(1, 50);
        assert_eq!((parse("1"), parse("50")), (Ok(1), Ok(50)));
        for text in ["0", "51", "-1", "", "x", "1.5", "99999999999999999999"] {
            assert_eq!(parse(text), Err("must be a whole number from 1 to 50".to_owned()), "{text}");
        }
    }
}
