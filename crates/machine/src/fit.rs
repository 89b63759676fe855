//! A law of times, fitted to measurements.

/// How often every rate is set to its best while the others stay, at most.
const MAX_SWEEPS: usize = 20_000;

/// The rates, none negative, with the least sum of squared relative errors: `rows[i]` times the rates is near `times[i]`.
///
/// Non-negative least squares by coordinate descent on the normal equations, which converges as the problem is convex (Franc,
/// Hlaváč and Navara 2005). The same measurements give the same bits.
///
/// # Shapes
/// A row and a time for each measurement, times above 0; every row is as long as the result.
pub fn fitted(rows: &[Vec<f64>], times: &[f64]) -> Vec<f64> {
    let n_rates = rows.first().map_or(0, Vec::len);
    // Columns of length 1, so that rates of seconds and of bytes are alike.
    let relative = || rows.iter().zip(times).map(|(row, time)| row.iter().map(move |x| x / time));
    let mut lengths = vec![0.0; n_rates];
    for row in relative() {
        row.zip(&mut lengths).for_each(|(x, length)| *length += x * x);
    }
    let lengths: Vec<f64> = lengths.into_iter().map(|squares: f64| squares.sqrt()).collect();
    let mut matrix = vec![vec![0.0; n_rates]; n_rates];
    let mut target = vec![0.0; n_rates];
    for row in relative() {
        let row: Vec<f64> =
            row.zip(&lengths).map(|(x, length)| if *length > 0.0 { x / length } else { 0.0 }).collect();
        for (at, x) in row.iter().enumerate() {
            target[at] += x;
            matrix[at].iter_mut().zip(&row).for_each(|(sum, other)| *sum += x * other);
        }
    }
    let mut rates = vec![0.0; n_rates];
    for _ in 0..MAX_SWEEPS {
        let mut largest = 0.0_f64;
        for at in 0..n_rates {
            if matrix[at][at] > 0.0 {
                let residual: f64 = target[at] - dot(&matrix[at], &rates);
                let best = (rates[at] + residual / matrix[at][at]).max(0.0);
                largest = largest.max((best - rates[at]).abs());
                rates[at] = best;
            }
        }
        if largest < 1e-12 {
            break;
        }
    }
    rates.iter().zip(&lengths).map(|(rate, length)| if *length > 0.0 { rate / length } else { 0.0 }).collect()
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a pattern, from 0 to 1.
    fn drawn(at: usize) -> f64 {
        let mixed = (at as u32).wrapping_mul(2_654_435_761).wrapping_add(12_345);
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519);
        f64::from(mixed ^ (mixed >> 13)) / 4_294_967_296.0
    }

    fn rows(n_rows: usize, n_rates: usize) -> Vec<Vec<f64>> {
        (0..n_rows).map(|row| (0..n_rates).map(|at| drawn(row * n_rates + at)).collect()).collect()
    }

    #[test]
    fn exact_measurements_give_the_rates_that_made_them() {
        let rates = [1e3, 0.25, 0.0, 2.0, 0.01];
        let mut rows = rows(40, 5);
        rows.iter_mut().for_each(|row| row[1] *= 1e6);
        let times: Vec<f64> = rows.iter().map(|row| dot(row, &rates)).collect();
        for (found, rate) in fitted(&rows, &times).iter().zip(rates) {
            assert!((found - rate).abs() < 1e-6 * rate.max(1.0), "{found} for {rate}");
        }
    }

    #[test]
    fn no_rate_is_negative_and_none_could_be_better() {
        let mut rows = rows(30, 4);
        rows.iter_mut().for_each(|row| row[0] = 1.0);
        // The third would be negative.
        let time = |(at, row): (usize, &Vec<f64>)| 3.0 + row[1] - 0.8 * row[2] + 0.1 * drawn(900 + at);
        let times: Vec<f64> = rows.iter().enumerate().map(time).collect();
        let rates = fitted(&rows, &times);
        let error = |rates: &[f64]| -> f64 {
            rows.iter().zip(&times).map(|(row, time)| (dot(row, rates) / time - 1.0).powi(2)).sum()
        };
        for at in 0..4 {
            assert!(rates[at] >= 0.0);
            for step in [-1e-4, 1e-4] {
                let mut other = rates.clone();
                other[at] = (other[at] + step).max(0.0);
                assert!(error(&other) >= error(&rates), "{rates:?} {at}");
            }
        }
        assert_eq!(rates[2], 0.0, "{rates:?}");
    }

    #[test]
    fn what_never_occurs_has_no_rate() {
        assert_eq!(fitted(&[vec![2.0, 0.0], vec![4.0, 0.0]], &[1.0, 2.0]), [0.5, 0.0]);
        assert!(fitted(&[], &[]).is_empty());
    }
}
