//! How wires run: straight along the line, or by a lane above it.
//!
//! All that reads one node from farther on shares that node's lane, as from a bus, and each reader's drop is in the
//! reader's own column: lines cross, but none covers another's.

use std::collections::BTreeMap;

use netsynth_graph::Graph;

use super::layout::{Position, RADIUS, Wire};

/// From the middle of a node to where a wire leaves it to the right, or arrives from the left.
const ASIDE: f64 = 3.5;
/// The roundest corner.
const ROUND: f64 = 7.0;

/// Which lane or row every vertex has that is read from farther on.
pub(super) struct Plan {
    pub(super) lanes: BTreeMap<usize, usize>,
    pub(super) n_lanes: usize,
    pub(super) rows: BTreeMap<usize, usize>,
    pub(super) n_rows: usize,
}

/// A wire between vertices, and whether it is the line itself.
struct Link {
    from: usize,
    to: usize,
    is_straight: bool,
}

fn links(graph: &Graph, positions: &[Position]) -> Vec<Link> {
    let mut links = Vec::new();
    let mut last_on_line = 0;
    for (number, node) in graph.nodes().enumerate() {
        let to = number + 1;
        let mut is_joined = positions[to].row.is_some();
        for input in &node.inputs {
            let from = input.map_or(0, |source| source + 1);
            let is_straight = !is_joined && from == last_on_line;
            is_joined |= is_straight;
            links.push(Link { from, to, is_straight });
        }
        if positions[to].row.is_none() {
            last_on_line = to;
        }
    }
    links
}

impl Plan {
    /// Of positions whose columns are known, and whether they are on the line; `reach` is how far labels go.
    pub(super) fn new(graph: &Graph, positions: &[Position], reach: &[f64]) -> Self {
        let mut spans: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for (vertex, position) in positions.iter().enumerate().filter(|(_, position)| position.row.is_some())
        {
            spans.insert(vertex, (position.x - position.half_width - 4.0, reach[vertex]));
        }
        for Link { from, to, .. } in links(graph, positions).iter().filter(|link| !link.is_straight) {
            let target = &positions[*to];
            let end =
                if target.row.is_some() { target.x - target.half_width - 5.0 } else { target.x - ASIDE };
            let span = spans.entry(*from).or_insert((positions[*from].x + ASIDE, end));
            span.1 = span.1.max(end);
        }
        let (on_line, above): (Vec<_>, Vec<_>) =
            spans.into_iter().partition(|(vertex, _)| positions[*vertex].row.is_none());
        let mut short_first = on_line;
        short_first
            .sort_by(|(one, (a, b)), (other, (c, d))| (b - a).total_cmp(&(d - c)).then(one.cmp(other)));
        let (lanes, n_lanes) = stacked(&short_first);
        let (rows, n_rows) = stacked(&above);
        Self { lanes, n_lanes, rows, n_rows }
    }
}

/// The lowest level for each span where it meets no other, in the order given; and how many levels there are.
fn stacked(spans: &[(usize, (f64, f64))]) -> (BTreeMap<usize, usize>, usize) {
    let mut levels: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut found = BTreeMap::new();
    for (vertex, (left, right)) in spans {
        let is_free = |level: &Vec<(f64, f64)>| level.iter().all(|(start, end)| right < start || end < left);
        let level = levels.iter().position(is_free).unwrap_or(levels.len());
        if level == levels.len() {
            levels.push(Vec::new());
        }
        levels[level].push((*left, *right));
        found.insert(*vertex, level);
    }
    (found, levels.len())
}

/// Every wire of the network, in the order of its readers.
pub(super) fn wires(
    graph: &Graph,
    positions: &[Position],
    plan: &Plan,
    lane_height: &dyn Fn(usize) -> f64,
) -> Vec<Wire> {
    let path = |link: &Link| {
        let (from, to) = (&positions[link.from], &positions[link.to]);
        let is_same_row = from.row.is_some() && from.row == to.row;
        if link.is_straight || is_same_row {
            return format!(
                "M{} {}H{}",
                pixel(from.x + from.half_width),
                pixel(from.y),
                pixel(to.x - to.half_width)
            );
        }
        let end_x = if to.row.is_some() { to.x } else { to.x - ASIDE };
        let (start, level) = match plan.lanes.get(&link.from) {
            Some(lane) if from.row.is_none() => {
                let x = from.x + ASIDE;
                let level = lane_height(*lane);
                let round = ROUND.min(0.5 * (end_x - x));
                let rise = format!(
                    "M{} {}V{}Q{} {} {} {}",
                    pixel(x),
                    pixel(top(from)),
                    pixel(level + round),
                    pixel(x),
                    pixel(level),
                    pixel(x + round),
                    pixel(level)
                );
                (rise, level)
            }
            Some(_) | None => (format!("M{} {}", pixel(from.x + from.half_width), pixel(from.y)), from.y),
        };
        let (end, sign) = if to.y > level { (top(to), 1.0) } else { (to.y + edge(to), -1.0) };
        let round = ROUND.min(0.5 * (end_x - from.x - ASIDE)).min((end - level).abs());
        format!(
            "{start}H{}Q{} {} {} {}V{}",
            pixel(end_x - round),
            pixel(end_x),
            pixel(level),
            pixel(end_x),
            pixel(level + sign * round),
            pixel(end)
        )
    };
    links(graph, positions)
        .iter()
        .map(|link| Wire { from: link.from.checked_sub(1), to: link.to - 1, path: path(link) })
        .collect()
}

fn top(position: &Position) -> f64 {
    position.y - edge(position)
}

/// From the middle of a position up to its edge, where wires meet it.
fn edge(position: &Position) -> f64 {
    if position.is_joint { (RADIUS * RADIUS - ASIDE * ASIDE).sqrt() } else { position.half_height }
}

/// A coordinate in tenths of a pixel.
pub(super) fn pixel(value: f64) -> String {
    let tenths = (10.0 * value).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    match (tenths.abs() / 10, tenths.abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}"),
    }
}
