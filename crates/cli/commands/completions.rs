use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::Ending;
use crate::output::print::print;
use netsynth_run::RunError;

/// Print what a shell needs to complete netsynth's commands and options.
///
/// Save it where the shell looks for completions, such as ~/.local/share/bash-completion/completions/netsynth.
///
/// Example: netsynth completions bash > netsynth.bash
#[derive(Args)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut crate::Arguments::command(), "netsynth", &mut script);
    print(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Ending::Done)
}
