//! What is logged, in flags.

use tracing_subscriber::EnvFilter;

/// The names of levels, and the numbers that `EnvFilter` takes for them.
const LEVELS: [&str; 12] = ["error", "warn", "info", "debug", "trace", "off", "0", "1", "2", "3", "4", "5"];

/// Checks a filter of the log. `EnvFilter` takes a mistyped level for the name of a module, and then nothing else is
/// logged, so a name that is plainly no module must be a level.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let is_level = |part: &str| LEVELS.iter().any(|level| part.eq_ignore_ascii_case(level));
    // `RUST_LOG` may be set for a whole machine.
    let is_module = |part: &str| part.contains(['_', ':']);
    let bare = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty() && !part.contains(['=', '[', '{', '}']));
    if let Some(unknown) = bare.into_iter().find(|part| !is_level(part) && !is_module(part)) {
        return Err(format!(
            "`{unknown}` is not a level: there are error, warn, info, debug, trace and off; a module needs one too, as in info,dray_server=debug"
        ));
    }
    match text.parse::<EnvFilter>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => {
            Err("must be error, warn, info, debug, trace or off, or a filter such as info,dray_server=debug"
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_level_is_refused_and_not_taken_for_a_module() {
        for text in [
            "info",
            "WARN",
            "off",
            "3",
            "info,dray_server=debug",
            "warn,dray[request{a=1}]=trace",
            "",
            "dray_server,hyper::proto",
        ] {
            assert_eq!(parse(text), Ok(text.to_owned()));
        }
        for text in ["blah", "info,blah", "inf0", "dray_server=blah", "info;debug"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
