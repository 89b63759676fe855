use clap::Args;
use netsynth_graph::ops::Conv;
use netsynth_graph::{
    Activation, ArchitectureId, ArchitectureSpec, Cost, Expectation, Graph, INPUT, Norm, Op, schema,
};
use netsynth_search::Indicator;
use netsynth_space::{Domain, Kind, SearchSpace, Survey, survey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::Ending;
use crate::complaint::Complaint;
use crate::networks::{Source, architecture, read, space, space_specs};
use crate::words::{count, kibibytes, millions, percent, say, say_json, table};

/// How many networks of a space are drawn for its medians.
const N_DRAWS: usize = 1000;

/// Show what an architecture or a search space means, before any training.
///
/// Example: netsynth check prototypes/nano-b.ron
#[derive(Args)]
pub(crate) struct Arguments {
    /// A file with an architecture or a search space, or a built-in name: emotionnet, resnet20, nano-b, nano-a-class,
    /// resnet50, mobilenet-v1, efficientnet-b0, micro-exp-net
    file: String,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// What tells the kinds of document apart.
#[derive(Deserialize)]
struct Fields {
    nodes: Option<IgnoredAny>,
    prototype: Option<IgnoredAny>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let source = read(&arguments.file)?;
    let fields: Fields =
        schema::from_ron(&source.text).map_err(|error| Complaint::from(error).at(&source.name))?;
    match fields {
        Fields { nodes: Some(_), .. } => check_architecture(&source, arguments.json),
        Fields { prototype: Some(_), .. } => check_space(&source, arguments.json),
        Fields { nodes: None, prototype: None } => Err(Complaint::new(
            "it is neither an architecture (field `nodes`) nor a search space (field `prototype`)",
            "compare with prototypes/nano-b.ron or search-spaces/emotionnet.ron",
        )
        .at(&source.name)),
    }
}

fn check_architecture(source: &Source, as_json: bool) -> Result<Ending, Complaint> {
    let (spec, graph) = architecture(source)?;
    let cost = graph.cost();
    if as_json {
        say_json(&json!({
            "name": spec.name,
            "id": ArchitectureId::of(&graph),
            "cost": cost,
            "trainable_parameters": graph.trainable_parameters(),
            "expect": spec.expect,
        }))?;
        return Ok(Ending::Done);
    }
    let alive = graph.activations();
    let mut rows = table(&["node", "operator", "reads", "output", "parameters", "MACs", "alive"], 4);
    for (node, alive) in graph.nodes().zip(&alive) {
        rows.add_row([
            node.name.clone(),
            described(&node.op),
            reads(&graph, &node.inputs),
            node.shape.to_string(),
            count(node.cost.parameters),
            millions(node.cost.macs),
            kibibytes(4 * alive),
        ]);
    }
    say(format!("{} ({}), input {}", spec.name, ArchitectureId::of(&graph), graph.input()))?;
    if !spec.about.is_empty() {
        say(&spec.about)?;
    }
    say(rows)?;
    say(format!(
        "parameters {} (batch norm folded; {} while training), MACs {}, peak activations {}",
        count(cost.parameters),
        count(graph.trainable_parameters()),
        millions(cost.macs),
        kibibytes(4 * cost.peak_activations)
    ))?;
    compare(&spec, &graph)?;
    Ok(Ending::Done)
}

/// An operator in a word and what differs from plain.
fn described(op: &Op) -> String {
    let activation = |activation: Activation| match activation {
        Activation::Linear => String::new(),
        Activation::Relu | Activation::Relu6 | Activation::Swish => {
            format!(", {}", format!("{activation:?}").to_lowercase())
        }
    };
    let norm = |norm: Norm| match norm {
        Norm::None => "",
        Norm::Batch => ", batch norm",
    };
    match op {
        Op::Conv(Conv { kernel, stride, groups, norm: normed, activation: kind, .. }) => {
            let stride = if *stride > 1 { format!(" / {stride}") } else { String::new() };
            let groups = if *groups > 1 { format!(", {groups} groups") } else { String::new() };
            format!("Conv {kernel}x{kernel}{stride}{groups}{}{}", norm(*normed), activation(*kind))
        }
        Op::Add(add) => format!("Add{}{}", norm(add.norm), activation(add.activation)),
        Op::MaxPool(pool) | Op::AvgPool(pool) => {
            format!("{} {}x{} / {}", op.name(), pool.kernel, pool.kernel, pool.stride)
        }
        Op::SqueezeExcite(attention) => format!("SqueezeExcite {}", attention.reduced),
        Op::Dropout(dropout) => format!("Dropout {}", dropout.rate),
        Op::Dense(dense) => format!("Dense{}", activation(dense.activation)),
        Op::Concat(_) | Op::GlobalAvgPool(_) => op.name().to_owned(),
    }
}

fn reads(graph: &Graph, inputs: &[Option<usize>]) -> String {
    let names = inputs.iter().map(|input| input.map_or(INPUT, |source| graph.node(source).name.as_str()));
    names.collect::<Vec<_>>().join(" + ")
}

/// Prints what was published beside what was counted.
fn compare(spec: &ArchitectureSpec, graph: &Graph) -> Result<(), Complaint> {
    if spec.expect.is_empty() {
        return Ok(());
    }
    let cost = graph.cost();
    let mut rows = table(&["expected by", "what", "expected", "counted", "difference"], 2);
    for Expectation { source, parameters, macs, accuracy } in &spec.expect {
        let counts = [("parameters", parameters, cost.parameters), ("MACs", macs, cost.macs)];
        for (what, expected, counted) in counts {
            if let Some(expected) = expected {
                let difference = counted as i64 - *expected as i64;
                let share = 100.0 * difference as f64 / *expected as f64;
                let sign = if difference < 0 { "-" } else { "+" };
                rows.add_row([
                    source.clone(),
                    what.to_owned(),
                    count(*expected),
                    count(counted),
                    format!("{sign}{} ({share:+.2} %)", count(difference.unsigned_abs())),
                ]);
            }
        }
        if let Some(accuracy) = accuracy {
            let row =
                [source.clone(), "accuracy".into(), percent(*accuracy), "by training".into(), String::new()];
            rows.add_row(row);
        }
    }
    say(rows)
}

fn check_space(source: &Source, as_json: bool) -> Result<Ending, Complaint> {
    let (spec, prototype) = space_specs(source)?;
    let space = space(&source.name, &spec, &prototype)?;
    let survey = survey(&space, N_DRAWS, 0)?;
    if as_json {
        let decisions: Vec<_> = space
            .decisions()
            .iter()
            .map(|decision| {
                json!({ "name": decision.name, "kind": decision.kind, "values": values(&decision.domain),
                        "prototype": decision.domain.value(decision.prototype) })
            })
            .collect();
        let spread =
            |of: netsynth_space::Spread| json!({ "least": of.least, "median": of.median, "most": of.most });
        say_json(&json!({
            "name": spec.name, "prototype": prototype.name, "log10_size": space.decisions().log10_size(),
            "decisions": decisions, "parameters": spread(survey.parameters), "macs": spread(survey.macs),
            "peak_activations": spread(survey.peak_activations),
        }))?;
        return Ok(Ending::Done);
    }
    say(format!("{}: {} decisions around {}", spec.name, space.decisions().len(), prototype.name))?;
    let mut rows = table(&["decision", "kind", "choices", "prototype"], 3);
    for decision in space.decisions().iter() {
        rows.add_row([
            decision.name.clone(),
            decision.kind.to_string(),
            values(&decision.domain),
            match decision.domain {
                Domain::Ordinal(_) | Domain::Alternatives(_) => {
                    decision.domain.value(decision.prototype).to_string()
                }
                Domain::Switch => if decision.prototype == 1 { "yes" } else { "no" }.to_owned(),
            },
        ]);
    }
    say(rows)?;
    say(summary(&space, &survey))?;
    within_reach(&survey)
}

fn values(domain: &Domain) -> String {
    match domain {
        Domain::Switch => "no, yes".to_owned(),
        Domain::Alternatives(count) => format!("{count} alternatives"),
        Domain::Ordinal(values) => match values.as_slice() {
            [first, second, .., last]
                if values.len() > 4 && values.windows(2).all(|w| w[1] - w[0] == second - first) =>
            {
                let step = if second - first > 1 { format!(" by {}", second - first) } else { String::new() };
                format!("{first} to {last}{step}")
            }
            several => several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        },
    }
}

fn summary(space: &SearchSpace, survey: &Survey) -> String {
    let n_of = |kind: Kind| space.decisions().iter().filter(|decision| decision.kind == kind).count();
    let line = |what: &str, of: netsynth_space::Spread, say: &dyn Fn(u64) -> String| {
        format!("{what}: min {}, median {}, max {}", say(of.least), say(of.median), say(of.most))
    };
    [
        format!(
            "{} widths, {} kernels, {} depths, {} links, {} projections: 10^{:.1} genomes",
            n_of(Kind::Channels),
            n_of(Kind::Kernel),
            n_of(Kind::Depth),
            n_of(Kind::Link),
            n_of(Kind::Projection),
            space.decisions().log10_size()
        ),
        line("parameters", survey.parameters, &count),
        line("MACs", survey.macs, &millions),
        line("peak activations", survey.peak_activations, &|elements| kibibytes(4 * elements)),
    ]
    .join("\n")
}

/// Says whether the counted half of the paper's indicator can be met in the space.
fn within_reach(survey: &Survey) -> Result<Ending, Complaint> {
    let cost = |of: &dyn Fn(netsynth_space::Spread) -> u64| Cost {
        parameters: of(survey.parameters),
        macs: of(survey.macs),
        peak_activations: of(survey.peak_activations),
    };
    let (least, most) = (cost(&|spread| spread.least), cost(&|spread| spread.most));
    for constraint in Indicator::paper().constraints {
        let metric = constraint.metric();
        let (Some(least), Some(most)) = (metric.counted(&least), metric.counted(&most)) else { continue };
        if constraint.violation(least) > 0.0 {
            say(format!("the indicator {constraint} cannot be met: no network is that small"))?;
            return Ok(Ending::Missed);
        }
        let all = constraint.violation(most) == 0.0;
        say(format!(
            "the indicator {constraint} can be met by counts{}",
            if all {
                ": every network meets it"
            } else {
                "; networks beyond it are repaired before training"
            }
        ))?;
    }
    Ok(Ending::Done)
}
