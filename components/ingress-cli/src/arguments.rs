//! The command line's arguments.

pub const HELP: &str = "\
Delivers to the application's reactions what is due.

Usage: pump [--budget MS] [--reaction NAME] [--until-idle]

  --budget MS       deliver for about this many milliseconds [default: 1000]
  --reaction NAME   deliver to this reaction only
  --until-idle      deliver until nothing is due; failed deliveries whose next
                    attempt is due later are not waited for
  -h, --help        print this

Prints the number of delivered events, and whether more are due.
Exit status: 0 success (also if the budget was used up), 1 failure or invalid arguments.
";

#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    Help,
    Pump(Pump),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Pump {
    /// Time budget of one pump, in milliseconds.
    pub budget: u32,
    pub reaction: Option<String>,
    pub until_idle: bool,
}

/// Parses the arguments.
///
/// # Errors
/// The argument that is invalid.
pub fn parse(arguments: &[String]) -> Result<Wanted, String> {
    let mut arguments = arguments.iter().map(String::as_str);
    match arguments.next() {
        Some("pump") => {}
        None | Some("-h" | "--help" | "help") => return Ok(Wanted::Help),
        Some(other) => return Err(format!("unknown command `{other}`; the only command is `pump`")),
    }
    let mut pump = Pump {
        budget: 1000,
        reaction: None,
        until_idle: false,
    };
    while let Some(argument) = arguments.next() {
        let (name, joined) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument, None),
        };
        let mut value = || {
            joined
                .or_else(|| arguments.next())
                .ok_or_else(|| format!("`{name}` requires a value"))
        };
        match name {
            "-h" | "--help" => return Ok(Wanted::Help),
            "--until-idle" if joined.is_none() => pump.until_idle = true,
            "--reaction" => pump.reaction = Some(value()?.to_owned()),
            "--budget" => {
                let given = value()?;
                pump.budget = given
                    .parse()
                    .map_err(|_| format!("`{given}` is not a number of milliseconds"))?;
            }
            _ => return Err(format!("unknown argument `{argument}`")),
        }
    }
    Ok(Wanted::Pump(pump))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Wanted, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&arguments)
    }

    #[test]
    fn options_are_read_in_any_order_and_both_forms() {
        let wanted = Ok(Wanted::Pump(Pump {
            budget: 50,
            reaction: Some("mailer".into()),
            until_idle: true,
        }));
        assert_eq!(
            parsed("pump --budget 50 --reaction mailer --until-idle"),
            wanted
        );
        assert_eq!(
            parsed("pump --until-idle --reaction=mailer --budget=50"),
            wanted
        );
    }

    #[test]
    fn help_is_given_where_it_is_asked_for_or_nothing_is() {
        for line in ["", "--help", "-h", "help", "pump --help"] {
            assert_eq!(parsed(line), Ok(Wanted::Help), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, named) in [
            ("dump", "`dump`"),
            ("pump --budget", "`--budget`"),
            ("pump --budget soon", "`soon`"),
            ("pump --budget -1", "`-1`"),
            ("pump --until-idle=yes", "`--until-idle=yes`"),
            ("pump mailer", "`mailer`"),
        ] {
            let why = parsed(line).expect_err(line);
            assert!(why.contains(named), "{line}: {why}");
        }
    }
}
