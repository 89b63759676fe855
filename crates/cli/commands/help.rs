use clap::{Args, CommandFactory};

use crate::Ending;
use crate::commands::topic::Topic;
use crate::output::print::{print, terminal_width, wrapped};
use netsynth_run::RunError;

/// Say what a command does, or what a file means.
///
/// Topics are plan, data, recipe, space, architecture, run, metrics, task and trainer; their text comes from the types that read the
/// files.
///
/// Example: netsynth help plan
#[derive(Args)]
pub(crate) struct Arguments {
    /// A command, such as `front show`, or a topic; all of them if not given
    #[arg(value_name = "COMMAND or TOPIC")]
    words: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    let width = terminal_width().unwrap_or(100).clamp(40, 100);
    if let [word] = words.as_slice()
        && let Some(topic) = Topic::ALL.into_iter().find(|topic| topic.name() == *word)
    {
        print(topic.text(width).trim_end())?;
        return Ok(Ending::Done);
    }
    let mut command = crate::Arguments::command();
    command.build();
    let mut at = &mut command;
    for word in &words {
        let known: Vec<String> = at.get_subcommands().map(|below| below.get_name().to_owned()).collect();
        at = match at.find_subcommand_mut(word) {
            Some(below) => below,
            None => {
                let topics: Vec<&str> = Topic::ALL.map(Topic::name).to_vec();
                let remedy = format!("commands: {}\n  topics: {}", known.join(", "), topics.join(", "));
                return Err(RunError::new(format!("`{word}` is neither a command nor a topic"), remedy));
            }
        };
    }
    print(at.render_long_help().to_string().trim_end())?;
    if words.is_empty() {
        print("\nTopics of `netsynth help`:")?;
        for topic in Topic::ALL {
            let about = wrapped(topic.about(), width, 16);
            print(format!("  {:<14}{}", topic.name(), about.trim_start()))?;
        }
    }
    Ok(Ending::Done)
}
