use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use netsynth_files::in_a_line;
use netsynth_graph::{ArchitectureId, Change, Cost, Graph, INPUT, Node, Op, Pair, difference};
use netsynth_report::{Cell, Column, Table};
use netsynth_search::Variant;
use serde::Serialize;
use serde_json::Value;

use crate::Ending;
use crate::output::print::{Format, count, millions, print, print_json, print_table};
use netsynth_run::RunError;
use netsynth_run::networks::{architecture, read};
use netsynth_run::{OpenSearch, open_search};

/// Show what differs between two networks, layer by layer.
///
/// A network is a file, a built-in name such as resnet20, or one of a run: RUN:12 is its trial 12, RUN:nano-a a pick of
/// its front. Sums are looked through: a layer that reads a sum reads its terms, and a link is one of them.
///
/// Example: netsynth front diff nano-b runs/search-001:nano-b
#[derive(Args)]
pub(crate) struct Arguments {
    /// The first network
    #[arg(value_name = "NETWORK")]
    one: String,
    /// The second network
    #[arg(value_name = "OTHER")]
    other: String,
    /// Print the layers that do not differ too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    format: Format,
}

/// The fields that stand first.
const FIRST: [&str; 3] = ["channels", "kernel", "stride"];

/// What became of a layer.
#[derive(Debug, Serialize)]
struct Line {
    /// Its name in each network; absent where it is not there.
    layers: [Option<String>; 2],
    operator: &'static str,
    /// Fields that differ, as they are in each.
    fields: BTreeMap<String, [Value; 2]>,
    links_added: Vec<String>,
    links_removed: Vec<String>,
    output: [Option<String>; 2],
    parameters: [u64; 2],
    macs: [u64; 2],
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let graphs = [network(&arguments.one)?, network(&arguments.other)?];
    let ids = [&graphs[0], &graphs[1]].map(ArchitectureId::of);
    let lines: Vec<Line> =
        difference(&graphs[0], &graphs[1]).iter().map(|change| line(change, &graphs)).collect();
    let costs = [graphs[0].cost(), graphs[1].cost()];
    if arguments.format.json {
        print_json(&serde_json::json!({
            "networks": [&arguments.one, &arguments.other],
            "ids": ids,
            "identical": ids[0] == ids[1],
            "costs": costs,
            "layers": lines.iter().filter(|line| arguments.all || line.differs()).collect::<Vec<_>>(),
        }))?;
        return Ok(Ending::Done);
    }
    let shown: Vec<&Line> = lines.iter().filter(|line| arguments.all || line.differs()).collect();
    let table = layers(&shown);
    if arguments.format.csv {
        print(table.csv())?;
        return Ok(Ending::Done);
    }
    if ids[0] == ids[1] {
        let [one, other] = [&arguments.one, &arguments.other].map(|name| in_a_line(name));
        print(format!("{one} and {other} are the same network, {}.", ids[0]))?;
        if !arguments.all {
            return Ok(Ending::Done);
        }
    }
    if !shown.is_empty() {
        print_table(&table)?;
    }
    let n_alike = lines.iter().filter(|line| !line.differs()).count();
    if !arguments.all {
        print(format!("{n_alike} of {} layers do not differ", lines.len()))?;
    }
    totals(&[&arguments.one, &arguments.other], ids, costs)
}

/// What became of layers.
fn layers(lines: &[&Line]) -> Table {
    let columns = [
        Column::left("layer", |line: &Line| Cell::text(line.name())),
        Column::left("operator", |line: &Line| Cell::text(line.operator)),
        Column::left("what differs", |line: &Line| Cell::text(line.difference())),
        Column::right("parameters", |line: &Line| change(line.parameters, count)),
        Column::right("MACs", |line: &Line| change(line.macs, millions)),
    ];
    Table::new(&columns, lines.iter().copied())
}

/// Prints both networks' counts and how far the second's are from the first's.
fn totals(names: &[&String; 2], ids: [ArchitectureId; 2], costs: [Cost; 2]) -> Result<Ending, RunError> {
    /// A network with its counts, or the difference of both.
    type Row<'a> = (&'a str, String, [Cell; 3]);
    let network = |at: usize| -> Row<'_> {
        let Cost { parameters, macs, peak_activations, .. } = costs[at];
        let counts = [Cell::count(parameters), Cell::millions(macs), Cell::kibibytes(peak_activations)];
        (names[at], ids[at].to_string(), counts)
    };
    let difference = |of: fn(&Cost) -> u64| {
        let [before, after] = [of(&costs[0]) as f64, of(&costs[1]) as f64];
        let share = (after - before) / before.max(1.0);
        Cell::new(share, format!("{:+.1} %", 100.0 * share))
    };
    let differences = [
        difference(|cost| cost.parameters),
        difference(|cost| cost.macs),
        difference(|cost| cost.peak_activations),
    ];
    let columns = [
        Column::left("", |(name, ..): &Row<'_>| Cell::text(*name)),
        Column::left("network", |(_, id, _): &Row<'_>| Cell::text(id)),
        Column::right("parameters", |(.., counts): &Row<'_>| counts[0].clone()),
        Column::right("MACs", |(.., counts): &Row<'_>| counts[1].clone()),
        Column::right("peak activations", |(.., counts): &Row<'_>| counts[2].clone()),
    ];
    let rows = [network(0), network(1), ("difference", String::new(), differences)];
    print_table(&Table::new(&columns, &rows))?;
    Ok(Ending::Done)
}

/// How a network of a run is named.
const OF_RUN: &str = "write RUN:12 for trial 12, RUN:nano-a or RUN:nano-b";

/// The network of this name.
fn network(name: &str) -> Result<Graph, RunError> {
    if let (Some((run, which)), false) = (name.rsplit_once(':'), Path::new(name).exists()) {
        return of_run(Path::new(run), which).map_err(|complaint| complaint.or_at(name));
    }
    if Path::new(name).is_dir() {
        return Err(RunError::new("it is a folder, not one network", OF_RUN).at(name));
    }
    Ok(architecture(&read(name)?)?.1)
}

/// A trial of a run, or a pick of its front.
fn of_run(run: &Path, which: &str) -> Result<Graph, RunError> {
    let OpenSearch { folder, plan, space, .. } = open_search(run)?;
    let number = match Variant::ALL.into_iter().find(|pick| pick.to_string() == which) {
        Some(variant) => {
            let (trials, _) = folder.readable_trials(&space)?;
            let front = folder.front_of(&trials, &plan.search)?;
            let pick = front.variants().into_iter().find(|(pick, _)| *pick == variant);
            pick.map(|(_, trial)| trial).ok_or_else(|| {
                RunError::new("nothing is feasible, so no trial was picked", "name a trial by its number")
            })?
        }
        None => {
            which.parse().map_err(|_| RunError::new(format!("`{which}` is no trial of a run"), OF_RUN))?
        }
    };
    let known = folder.trial_numbers()?;
    if !known.contains(&number) {
        let remedy = match known.last() {
            Some(last) => format!("give a number from {} to {last}", known[0]),
            None => "wait until the run has trials".to_owned(),
        };
        return Err(RunError::new(format!("there is no trial {number}"), remedy));
    }
    Ok(Graph::new(&folder.architecture(number)?)?)
}

fn line(change: &Change, graphs: &[Graph; 2]) -> Line {
    let [one, other] = graphs;
    let alone = |node: &Node, side: usize| {
        let mut line = Line {
            layers: [None, None],
            operator: node.op.name(),
            fields: BTreeMap::new(),
            links_added: Vec::new(),
            links_removed: Vec::new(),
            output: [None, None],
            parameters: [0, 0],
            macs: [0, 0],
        };
        line.layers[side] = Some(node.name.clone());
        line.output[side] = Some(node.shape.to_string());
        line.parameters[side] = node.cost.parameters;
        line.macs[side] = node.cost.macs;
        line
    };
    match change {
        Change::Removed(number) => alone(one.node(*number), 0),
        Change::Added(number) => alone(other.node(*number), 1),
        Change::Paired(Pair { one: old, other: new, lost, gained }) => {
            let nodes = [one.node(*old), other.node(*new)];
            let names = |graph: &Graph, of: &[Option<usize>]| {
                of.iter().map(|node| node.map_or(INPUT, |node| &graph.node(node).name).to_owned()).collect()
            };
            Line {
                layers: nodes.map(|node| Some(node.name.clone())),
                operator: nodes[0].op.name(),
                fields: fields_that_differ(&nodes[0].op, &nodes[1].op),
                links_added: names(other, gained),
                links_removed: names(one, lost),
                output: nodes.map(|node| Some(node.shape.to_string())),
                parameters: nodes.map(|node| node.cost.parameters),
                macs: nodes.map(|node| node.cost.macs),
            }
        }
    }
}

/// The fields of an operator, as files name them, whose values differ.
fn fields_that_differ(one: &Op, other: &Op) -> BTreeMap<String, [Value; 2]> {
    let fields = |op: &Op| match serde_json::to_value(op) {
        Ok(Value::Object(named)) => named.into_iter().next().map(|(_, fields)| fields),
        Ok(_) | Err(_) => None,
    };
    let (Some(Value::Object(before)), Some(Value::Object(after))) = (fields(one), fields(other)) else {
        return BTreeMap::new();
    };
    let pairs = before.into_iter().map(|(name, old)| {
        let new = after.get(&name).cloned().unwrap_or_default();
        (name, [old, new])
    });
    pairs.filter(|(_, [old, new])| old != new).collect()
}

impl Line {
    fn differs(&self) -> bool {
        self.layers.iter().any(Option::is_none)
            || !(self.fields.is_empty() && self.links_added.is_empty() && self.links_removed.is_empty())
            || self.output[0] != self.output[1]
    }

    fn name(&self) -> String {
        match &self.layers {
            [Some(one), Some(other)] if one != other => format!("{one} / {other}"),
            [Some(name), _] | [None, Some(name)] => name.clone(),
            [None, None] => String::new(),
        }
    }

    /// What differs.
    fn difference(&self) -> String {
        match &self.layers {
            [Some(_), None] => return "only in the first".to_owned(),
            [None, Some(_)] => return "only in the second".to_owned(),
            [Some(_), Some(_)] | [None, None] => {}
        }
        let plain = |value: &Value| match value {
            Value::String(word) => word.to_lowercase(),
            other => other.to_string(),
        };
        let mut fields: Vec<(&String, &[Value; 2])> = self.fields.iter().collect();
        fields.sort_by_key(|(name, _)| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
        let mut differences: Vec<String> = fields
            .into_iter()
            .map(|(field, [old, new])| format!("{field} {} -> {}", plain(old), plain(new)))
            .collect();
        let links = self.links_removed.iter().map(|name| format!("-{name}"));
        let links: Vec<String> =
            links.chain(self.links_added.iter().map(|name| format!("+{name}"))).collect();
        if !links.is_empty() {
            differences.push(format!("links {}", links.join(" ")));
        }
        if let ([Some(old), Some(new)], true) = (&self.output, differences.is_empty())
            && old != new
        {
            differences.push(format!("output {old} -> {new}"));
        }
        differences.join(", ")
    }
}

/// A count in both networks, shown once where it is the same.
fn change([one, other]: [u64; 2], write: impl Fn(u64) -> String) -> Cell {
    let text = if one == other { write(one) } else { format!("{} -> {}", write(one), write(other)) };
    Cell::new(vec![one, other], text)
}
