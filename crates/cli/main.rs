//! What is **asked**: the `netsynth` program.
//!
//! Data goes to standard output and everything else to standard error. The exit code is 0 when done, 1 when done
//! but nothing was feasible or an expectation was missed, 2 on an error, 130 when it was asked to stop.

mod arguments;
mod commands;
#[cfg(test)]
mod fuzz;
mod interrupt;
mod memory;
mod output;
#[cfg(test)]
#[path = "../../fuzz/readers.rs"]
pub mod readers;
#[cfg(test)]
#[path = "../../fuzz/trained.rs"]
pub mod trained;
mod work;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use netsynth_run::RunError;

use commands::{
    ask, audit, bench, check, classify, compare, completions, data, devices, draw, explain, export, front,
    help, man, prior, prototypes, report, reproduce, resume, sample, search, table_1, tell, train, verify,
    watch, worker,
};
use output::log;
use output::print::print_error_line;

/// How a command ended, if not in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// All that was asked was done.
    Done,
    /// Done, but nothing was feasible, or an expectation was missed.
    Missed,
    /// Somebody asked it to stop, and it can go on.
    Stopped,
}

/// Generates small neural networks and searches among them.
#[derive(Parser)]
#[command(name = "netsynth", version, max_term_width = 100, disable_help_subcommand = true)]
struct Arguments {
    #[command(flatten)]
    verbosity: log::Verbosity,
    #[command(subcommand)]
    command: Command,
}

/// Each command says what it is for where its arguments are.
#[derive(Subcommand)]
enum Command {
    Search(search::Arguments),
    Resume(resume::Arguments),
    Watch(watch::Arguments),
    Verify(verify::Arguments),
    Audit(audit::Arguments),
    Ask(ask::Arguments),
    Tell(tell::Arguments),
    Work(worker::Arguments),
    Train(train::Arguments),
    Reproduce(reproduce::Arguments),
    Check(check::Arguments),
    Classify(classify::Arguments),
    Export(export::Arguments),
    Draw(draw::Arguments),
    Data(data::Arguments),
    Devices(devices::Arguments),
    Prior(prior::Arguments),
    Prototypes(prototypes::Arguments),
    Front(front::Arguments),
    Report(report::Arguments),
    Sample(sample::Arguments),
    Explain(explain::Arguments),
    Compare(compare::Arguments),
    CompareTable(table_1::Arguments),
    Bench(bench::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    Help(help::Arguments),
}

/// Says what is wrong with a command line, or what was asked with `--help`. What a terminal would obey in an argument is
/// shown, which takes the colours from the message.
fn refused(error: &clap::Error) -> ExitCode {
    let is_control = |argument: std::ffi::OsString| argument.to_string_lossy().chars().any(char::is_control);
    if error.use_stderr() && std::env::args_os().any(is_control) {
        print_error_line(error.to_string().trim_end());
        return ExitCode::from(2);
    }
    error.exit()
}

/// Cards are numbered here, and Mesa's layer that would choose one asks for a display: where there is none, it calls that an error
/// on standard error, in every process.
#[cfg(feature = "gpu")]
fn leave_the_choice_of_a_card_to_us() {
    // SAFETY: nothing else runs yet.
    #[allow(unsafe_code)]
    unsafe {
        std::env::set_var("NODEVICE_SELECT", "1");
    }
}

fn main() -> ExitCode {
    #[cfg(feature = "gpu")]
    leave_the_choice_of_a_card_to_us();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refused(&error),
    };
    log::begin(arguments.verbosity);
    let outcome = match arguments.command {
        Command::Search(arguments) => search::run(&arguments),
        Command::Resume(arguments) => resume::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Ask(arguments) => ask::run(&arguments),
        Command::Tell(arguments) => tell::run(&arguments),
        Command::Work(arguments) => worker::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Reproduce(arguments) => reproduce::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Classify(arguments) => classify::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Draw(arguments) => draw::run(&arguments),
        Command::Data(arguments) => data::run(&arguments),
        Command::Devices(arguments) => devices::run(&arguments),
        Command::Prior(arguments) => prior::run(&arguments),
        Command::Prototypes(arguments) => prototypes::run(&arguments),
        Command::Front(arguments) => front::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Sample(arguments) => sample::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::CompareTable(arguments) => table_1::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
        Command::Help(arguments) => help::run(&arguments),
    };
    match outcome {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Missed) => ExitCode::from(1),
        Ok(Ending::Stopped) | Err(RunError::Stopped) => ExitCode::from(interrupt::STOPPED),
        Err(error) => {
            print_error_line(error.text());
            ExitCode::from(2)
        }
    }
}
