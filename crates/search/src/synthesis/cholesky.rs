//! The lower Cholesky factor of a growing positive definite matrix.

/// `L` with `L L^T = K`, row after row: a new point costs the square of their number, not its cube.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cholesky {
    rows: Vec<Vec<f64>>,
}

/// What keeps the diagonal above zero when two points are as good as one.
const LEAST_PIVOT: f64 = 1e-9;

impl Cholesky {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds the matrix's next row: the new point's covariances with those before it, and its variance.
    pub(crate) fn push(&mut self, covariances: &[f64], variance: f64) {
        let mut row = self.forward(covariances);
        let left = variance - dot(&row, &row);
        row.push(left.max(LEAST_PIVOT * variance.max(1.0)).sqrt());
        self.rows.push(row);
    }

    /// `L^-1 b`
    pub(crate) fn forward(&self, b: &[f64]) -> Vec<f64> {
        let mut solution: Vec<f64> = Vec::with_capacity(self.len() + 1);
        for (row, target) in self.rows.iter().zip(b) {
            let at = solution.len();
            solution.push((target - dot(&row[..at], &solution)) / row[at]);
        }
        solution
    }

    /// `L^-T b`
    pub(crate) fn backward(&self, b: &[f64]) -> Vec<f64> {
        let mut solution = b.to_vec();
        for at in (0..self.len()).rev() {
            let (row, value) = (&self.rows[at], solution[at] / self.rows[at][at]);
            solution[at] = value;
            for (left, factor) in solution[..at].iter_mut().zip(row) {
                *left -= factor * value;
            }
        }
        solution
    }

    /// `K^-1`, by rows.
    pub(crate) fn inverse(&self) -> Vec<Vec<f64>> {
        // Columns of L^-1 from their diagonal down; K^-1 is their Gram matrix.
        let n = self.len();
        let mut lower: Vec<Vec<f64>> = (0..n).map(|_| vec![0.0; n]).collect();
        for column in 0..n {
            let own = &mut lower[column];
            own[column] = 1.0 / self.rows[column][column];
            for row in column + 1..n {
                own[row] = -dot(&self.rows[row][column..row], &own[column..row]) / self.rows[row][row];
            }
        }
        let mut inverse: Vec<Vec<f64>> = (0..n).map(|_| vec![0.0; n]).collect();
        for one in 0..n {
            for other in one..n {
                let value = dot(&lower[one][other..], &lower[other][other..]);
                inverse[one][other] = value;
                inverse[other][one] = value;
            }
        }
        inverse
    }

    /// The logarithm of the determinant of `K`.
    pub(crate) fn log_determinant(&self) -> f64 {
        self.rows.iter().enumerate().map(|(at, row)| 2.0 * libm::log(row[at])).sum()
    }
}

/// A sum of products in eight interleaved parts, which a compiler turns into vector instructions and which has one
/// order on every machine.
pub(crate) fn dot(one: &[f64], other: &[f64]) -> f64 {
    let length = one.len().min(other.len());
    let (one, other) = (&one[..length], &other[..length]);
    let mut parts = [0.0f64; 8];
    let (ones, rest) = one.as_chunks::<8>();
    let (others, other_rest) = other.as_chunks::<8>();
    for (a, b) in ones.iter().zip(others) {
        for lane in 0..8 {
            parts[lane] += a[lane] * b[lane];
        }
    }
    let whole =
        ((parts[0] + parts[4]) + (parts[2] + parts[6])) + ((parts[1] + parts[5]) + (parts[3] + parts[7]));
    whole + rest.iter().zip(other_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A positive definite matrix that a formula gives.
    fn matrix(n: usize) -> Vec<Vec<f64>> {
        let entry = |i: usize, j: usize| {
            libm::exp(-0.3 * i.abs_diff(j) as f64) + if i == j { 0.5 + 0.1 * i as f64 } else { 0.0 }
        };
        (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect()
    }

    fn factor(matrix: &[Vec<f64>]) -> Cholesky {
        let mut cholesky = Cholesky::default();
        for (at, row) in matrix.iter().enumerate() {
            cholesky.push(&row[..at], row[at]);
        }
        cholesky
    }

    #[test]
    fn solutions_solve() {
        let matrix = matrix(21);
        let cholesky = factor(&matrix);
        let target: Vec<f64> = (0..21).map(|i| (i as f64 - 7.0) / 3.0).collect();
        let solution = cholesky.backward(&cholesky.forward(&target));
        for (row, target) in matrix.iter().zip(&target) {
            assert!((dot(row, &solution) - target).abs() < 1e-10);
        }
    }

    #[test]
    fn the_inverse_inverts_and_the_determinant_is_the_product_of_pivots() {
        let matrix = matrix(13);
        let cholesky = factor(&matrix);
        let inverse = cholesky.inverse();
        for (i, row) in matrix.iter().enumerate() {
            for (j, column) in inverse.iter().enumerate() {
                let expected = f64::from(u8::from(i == j));
                assert!((dot(row, column) - expected).abs() < 1e-10, "{i} {j}");
            }
        }
        let small = factor(&[vec![4.0, 2.0], vec![2.0, 3.0]]);
        assert!((small.log_determinant() - 8f64.ln()).abs() < 1e-12);
    }
}
