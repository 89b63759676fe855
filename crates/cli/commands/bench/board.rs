//! Networks in C, built and timed where a command leads.

use clap::Args;
use netsynth_export::{File, Interface, Plan, Quantised, c, timer};
use netsynth_machine::Board;
use netsynth_run::RunError;

/// Where networks are timed if not on this machine.
#[derive(Args)]
pub(crate) struct BoardArguments {
    /// Time the exported C on a board: a command that starts a POSIX shell there if `sh` is added to it, such as "ssh board"; the
    /// shell reads a script from standard input that builds in a folder of its own and removes it. The board needs a C compiler
    #[arg(long, value_name = "COMMAND", value_parser = Board::new)]
    pub(crate) on: Option<Board>,
    /// How the board compiles
    #[arg(long, value_name = "COMMAND", default_value = "cc -O3", requires = "on")]
    pub(crate) cc: String,
}

/// How long a network takes on a board, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct BoardTimes {
    pub(super) median: f64,
    pub(super) p95: f64,
    pub(super) n_runs: usize,
}

/// What a board found, and what it says of itself.
#[derive(Debug)]
pub(super) struct Found {
    /// As `uname` has it.
    pub(super) machine: String,
    /// The first line that the compiler says of its version.
    pub(super) compiler: String,
    /// Of each network, what each round found.
    pub(super) times: Vec<Vec<BoardTimes>>,
}

/// The exported C of a network, with a program that times it.
pub(super) fn program(plan: &Plan, integers: Option<&Quantised>, interface: &Interface) -> Vec<File> {
    let mut files = c(plan, integers, interface, &[]).files;
    files.retain(|file| file.path != "test.c");
    files.push(timer(interface));
    files
}

/// The end of a file in a script: no line of C is like it.
const END_OF_FILE: &str = "NETSYNTH_END_OF_FILE";

/// Builds programs that have a `time.c`, and times all of them in turns: so many rounds, each for so many seconds.
pub(super) fn timed(
    board: &Board,
    cc: &str,
    programs: &[Vec<File>],
    secs: f64,
    n_rounds: usize,
) -> Result<Found, RunError> {
    let refuse = |reason: String, remedy: &str| RunError::new(reason, remedy).at(board.command());
    let (output, failed) = board
        .run(&script(cc, programs, secs, n_rounds))
        .map_err(|reason| refuse(reason, "give --on a command of this machine, such as \"ssh board\""))?;
    let said: Vec<&str> = output.lines().filter_map(|line| line.strip_prefix("netsynth ")).collect();
    let last_step = said.iter().filter_map(|line| line.strip_prefix("step ")).next_back();
    if let Some(failed) = failed {
        return Err(match last_step {
            None => refuse(
                format!("it starts no shell that reads a script: {failed}"),
                "try the command by hand: it must give a POSIX shell without asking for a password",
            ),
            Some(step) => {
                let remedy = match step.starts_with("build") {
                    true => "install a C compiler there, or name another with --cc",
                    false => "free room there below TMPDIR or /tmp, from where programs may be run",
                };
                refuse(format!("it could not {step}: {failed}"), remedy)
            }
        });
    }
    found(&said, programs.len(), n_rounds)
        .ok_or_else(|| refuse("its answer is cut off".to_owned(), "try again, and the command by hand"))
}

/// What a shell does there: it says each step before it begins.
fn script(cc: &str, programs: &[Vec<File>], secs: f64, n_rounds: usize) -> Vec<u8> {
    let mut script = format!(
        "set -e\necho netsynth step make a folder\nhome=\"${{TMPDIR:-/tmp}}/netsynth-$$\"\n(umask 077; mkdir \"$home\")\n\
         trap 'cd /; rm -rf \"$home\"' EXIT\ntrap 'exit 1' HUP INT TERM\ncd \"$home\"\nhome=$(pwd)\n\
         echo \"netsynth machine $(uname -m) $(uname -s)\"\n\
         version=$({cc} --version </dev/null 2>/dev/null) || true\nline='\n'\n\
         echo \"netsynth compiler ${{version%%\"$line\"*}}\"\n"
    )
    .into_bytes();
    for (number, files) in programs.iter().enumerate() {
        script.extend(format!("echo netsynth step write network {number}\nmkdir {number}\n").bytes());
        for file in files {
            script.extend(format!("cat > {number}/{} <<'{END_OF_FILE}'\n", file.path).bytes());
            script.extend(&file.bytes);
            script.extend(format!("\n{END_OF_FILE}\n").bytes());
        }
        script.extend(
            format!(
                "echo netsynth step build network {number}\n\
                 (cd {number}; {cc} network.c time.c -o time -lm </dev/null; rm network.c)\n"
            )
            .bytes(),
        );
    }
    for _ in 0..n_rounds {
        for number in 0..programs.len() {
            script.extend(
                format!(
                    "echo netsynth step time network {number}\ntimes=$(./{number}/time {secs} </dev/null)\n\
                     echo netsynth times {number} $times\n"
                )
                .bytes(),
            );
        }
    }
    script
}

fn found(said: &[&str], n_programs: usize, n_rounds: usize) -> Option<Found> {
    let after = |prefix: &str| said.iter().find_map(|line| line.strip_prefix(prefix)).map(str::trim);
    let mut times = vec![Vec::new(); n_programs];
    for line in said.iter().filter_map(|line| line.strip_prefix("times ")) {
        let [number, median, p95, n_runs] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            return None;
        };
        let secs = |text: &str| Some(1e-9 * text.parse::<f64>().ok().filter(|&number| number > 0.0)?);
        let found = BoardTimes { median: secs(median)?, p95: secs(p95)?, n_runs: n_runs.parse().ok()? };
        times.get_mut(number.parse::<usize>().ok()?)?.push(found);
    }
    let (machine, compiler) = (after("machine ")?.to_owned(), after("compiler")?.to_owned());
    times.iter().all(|rounds| rounds.len() == n_rounds).then_some(Found { machine, compiler, times })
}
