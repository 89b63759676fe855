/// Kendall's rank correlation tau-b of pairs: 1 if they rise together, -1 if one falls as the other rises, 0 without
/// relation; none where either is the same throughout (Kendall 1945).
pub fn kendall_tau(pairs: &[(f64, f64)]) -> Option<f64> {
    let (mut agreement, mut one_differs, mut other_differs) = (0.0, 0.0, 0.0);
    for (at, a) in pairs.iter().enumerate() {
        for b in &pairs[..at] {
            let sign = |x: f64, y: f64| {
                if x > y {
                    1.0
                } else if x < y {
                    -1.0
                } else {
                    0.0
                }
            };
            let (one, other) = (sign(a.0, b.0), sign(a.1, b.1));
            agreement += one * other;
            one_differs += one * one;
            other_differs += other * other;
        }
    }
    let scale: f64 = libm::sqrt(one_differs * other_differs);
    (scale > 0.0).then(|| agreement / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kendall_of_known_orders() {
        let rising: Vec<(f64, f64)> = (0..6).map(|x| (f64::from(x), f64::from(x * x))).collect();
        assert_eq!(kendall_tau(&rising), Some(1.0));
        let falling: Vec<(f64, f64)> = rising.iter().map(|(x, y)| (*x, -y)).collect();
        assert_eq!(kendall_tau(&falling), Some(-1.0));
        // One of three pairs is in disorder: (2 - 1) / 3
        let third = kendall_tau(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)]);
        assert!(third.is_some_and(|tau| (tau - 1.0 / 3.0).abs() < 1e-12));
        assert_eq!(kendall_tau(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }
}
