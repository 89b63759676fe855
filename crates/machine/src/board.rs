//! Another machine, or this one, on which a script is carried out.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};
use std::thread;

/// How many of the last lines of standard error are told.
const N_LINES: usize = 6;

/// Where scripts are carried out: a command that, with `sh` as its last argument, starts a POSIX shell there which reads its script
/// from standard input, such as `ssh board`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    words: Vec<String>,
}

impl Board {
    /// Of a command, whose words are parted by blanks.
    ///
    /// # Errors
    /// It has no word.
    pub fn new(command: &str) -> Result<Self, String> {
        let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() { Err("it has no word".to_owned()) } else { Ok(Self { words }) }
    }

    /// The command as it is started.
    pub fn command(&self) -> String {
        format!("{} sh", self.words.join(" "))
    }

    /// Carries out a script and gives its standard output, with why it failed if it did: its exit code and the end of standard error.
    ///
    /// # Errors
    /// The command cannot be started.
    pub fn run(&self, script: &[u8]) -> Result<(String, Option<String>), String> {
        let Some((program, arguments)) = self.words.split_first() else {
            return Err("it has no word".to_owned());
        };
        let mut child = Command::new(program)
            .args(arguments)
            .arg("sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
        let stdin = child.stdin.take();
        let output = thread::scope(|scope| {
            // Whoever ends early reads no more of its script; what it says then is told.
            let hand_over = || match stdin.map(|mut stdin| stdin.write_all(script)) {
                Some(Err(error)) if error.kind() != ErrorKind::BrokenPipe => Err(error),
                _ => Ok(()),
            };
            match thread::Builder::new().spawn_scoped(scope, hand_over) {
                Ok(_) => child.wait_with_output().map_err(|error| error.to_string()),
                Err(error) => {
                    // Without its script the command has nothing to do, and ends.
                    let _ = child.wait_with_output();
                    Err(format!("a thread could not be started: {error}"))
                }
            }
        });
        let output = output?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = (!output.status.success()).then(|| {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let lines: Vec<&str> = said.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
            let last = lines[lines.len().saturating_sub(N_LINES)..].join("\n  ");
            match last.is_empty() {
                true => format!("{}, and it said nothing", output.status),
                false => format!("{}, and it said:\n  {last}", output.status),
            }
        });
        Ok((text, failed))
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_script_of_any_length_is_carried_out() {
        let here = Board::new("env LANG=C").unwrap();
        assert_eq!(here.command(), "env LANG=C sh");
        let script = format!("{}\necho $LANG\n", "# a remark\n".repeat(100_000));
        assert_eq!(here.run(script.as_bytes()).unwrap(), ("C\n".to_owned(), None));
    }

    #[test]
    fn a_failure_says_what_was_said() {
        let (output, failed) =
            Board::new("env").unwrap().run(b"echo begun; echo no room >&2; exit 3").unwrap();
        assert_eq!(output, "begun\n");
        let failed = failed.unwrap();
        assert!(failed.contains("3") && failed.ends_with("said:\n  no room"), "{failed}");
        // One that ends before it has read all.
        let (_, failed) = Board::new("false").unwrap().run(&vec![b'\n'; 1 << 20]).unwrap();
        assert!(failed.unwrap().contains("said nothing"));
        assert!(Board::new("/no/such/program").unwrap().run(b"").unwrap_err().contains("cannot be started"));
        assert!(Board::new("  ").is_err());
    }
}
