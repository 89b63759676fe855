//! The indicator of a front's quality: how much of the space of losses it dominates.

use crate::dominates;

/// The volume that points of losses dominate below a reference point (Zitzler and Thiele 1998): exact in two
/// dimensions by one sweep, in more by the WFG algorithm (While, Bradstreet and Barone 2012).
///
/// Points that are not below the reference in every loss dominate nothing. Without dimensions the volume of any
/// point is 1.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let inside: Vec<Vec<f64>> = points
        .iter()
        .filter(|point| point.iter().zip(reference).all(|(loss, limit)| loss < limit))
        .cloned()
        .collect();
    volume(non_dominated(inside), reference)
}

/// The volume that a point alone dominates: what the hypervolume of `points` would lose without it.
pub(crate) fn exclusive(point: &[f64], points: &[Vec<f64>], reference: &[f64]) -> f64 {
    if point.iter().zip(reference).any(|(loss, limit)| loss >= limit) {
        return 0.0;
    }
    let box_volume: f64 = point.iter().zip(reference).map(|(loss, limit)| limit - loss).product();
    // Of what the others dominate only the part inside the point's own box counts: the box that their worse
    // half shares with it.
    let limited: Vec<Vec<f64>> = points
        .iter()
        .filter(|other| other.iter().zip(reference).all(|(loss, limit)| loss < limit))
        .map(|other| other.iter().zip(point).map(|(a, b)| a.max(*b)).collect())
        .collect();
    box_volume - volume(non_dominated(limited), reference)
}

/// The hypervolume of points that are inside and dominate none of each other.
fn volume(mut points: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    if points.is_empty() {
        return 0.0;
    }
    match reference.len() {
        0 => 1.0,
        1 => points.iter().map(|point| reference[0] - point[0]).fold(0.0, f64::max),
        2 => {
            points.sort_by(|one, other| one[0].total_cmp(&other[0]));
            let mut ceiling = reference[1];
            points
                .iter()
                .map(|point| {
                    let slab = (reference[0] - point[0]) * (ceiling - point[1]);
                    ceiling = point[1];
                    slab
                })
                .sum()
        }
        last => {
            // Worst in the last loss first: what the rest cuts from each point is then soon little.
            points.sort_by(|one, other| other[last - 1].total_cmp(&one[last - 1]));
            (0..points.len()).map(|at| exclusive(&points[at], &points[at + 1..], reference)).sum()
        }
    }
}

/// The points that no other dominates, each once.
fn non_dominated(mut points: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    points.sort_by(|one, other| {
        let order = one.iter().zip(other).map(|(a, b)| a.total_cmp(b));
        order.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    points.dedup();
    let mut kept: Vec<Vec<f64>> = Vec::new();
    for point in points {
        // A point that dominates another comes before it in this order.
        if !kept.iter().any(|better| dominates(better, &point)) {
            kept.push(point);
        }
    }
    kept
}
