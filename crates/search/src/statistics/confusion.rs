use serde::{Deserialize, Serialize};

/// How often each class was taken for each: row the true class, column the predicted one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confusion(pub Vec<Vec<usize>>);

impl Confusion {
    /// Nothing seen yet.
    pub fn new(n_classes: usize) -> Self {
        Self(vec![vec![0; n_classes]; n_classes])
    }

    /// Adds what another fold saw.
    pub fn add(&mut self, other: &Confusion) {
        for (row, more) in self.0.iter_mut().zip(&other.0) {
            row.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
    }

    /// How many images were judged.
    pub fn n_images(&self) -> usize {
        self.0.iter().flatten().sum()
    }

    /// Share of images classified correctly; 0 if there are none.
    pub fn accuracy(&self) -> f64 {
        let right: usize = self.0.iter().enumerate().map(|(class, row)| row[class]).sum();
        right as f64 / self.n_images().max(1) as f64
    }

    /// Share of each class's images classified correctly; `None` for a class without images.
    pub fn recalls(&self) -> Vec<Option<f64>> {
        let recall = |(class, row): (usize, &Vec<usize>)| {
            let images: usize = row.iter().sum();
            (images > 0).then(|| row[class] as f64 / images as f64)
        };
        self.0.iter().enumerate().map(recall).collect()
    }

    /// Mean recall of the classes that have images (Brodersen et al. 2010); 0 if none has.
    pub fn balanced_accuracy(&self) -> f64 {
        let recalls: Vec<f64> = self.recalls().into_iter().flatten().collect();
        recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
    }

    /// Least recall of the classes that have images; 0 if none has.
    pub fn worst_recall(&self) -> f64 {
        self.recalls().into_iter().flatten().reduce(f64::min).unwrap_or(0.0)
    }

    /// Mean F1 score, `2 TP / (2 TP + FP + FN)`, of the classes that have images or were predicted (Sokolova and
    /// Lapalme 2009); 0 if there is none.
    pub fn macro_f1(&self) -> f64 {
        let scores: Vec<f64> = (0..self.0.len()).filter_map(|class| self.f1(class)).collect();
        scores.iter().sum::<f64>() / scores.len().max(1) as f64
    }

    fn f1(&self, class: usize) -> Option<f64> {
        let images: usize = self.0[class].iter().sum();
        let predicted: usize = self.0.iter().map(|row| row[class]).sum();
        // Twice the true positives are in both sums: 2 TP + FP + FN.
        let all = images + predicted;
        (all > 0).then(|| 2.0 * self.0[class][class] as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn metrics_of_a_known_confusion() {
        // Recalls 8/10, 1/2, none, 3/4; the third class was predicted once.
        let confusion =
            Confusion(vec![vec![8, 1, 1, 0], vec![1, 1, 0, 0], vec![0, 0, 0, 0], vec![1, 0, 0, 3]]);
        assert_eq!(confusion.n_images(), 16);
        assert_eq!(confusion.accuracy(), 12.0 / 16.0);
        assert!((confusion.balanced_accuracy() - (0.8 + 0.5 + 0.75) / 3.0).abs() < 1e-15);
        assert_eq!(confusion.worst_recall(), 0.5);
        // F1: 16/20, 2/4, 0/1, 6/7
        assert!((confusion.macro_f1() - (0.8 + 0.5 + 0.0 + 6.0 / 7.0) / 4.0).abs() < 1e-15);
    }

    #[test]
    fn nothing_judged_is_nothing_reached() {
        let none = Confusion::new(3);
        let all = [none.accuracy(), none.balanced_accuracy(), none.macro_f1(), none.worst_recall()];
        assert_eq!(all, [0.0; 4]);
    }

    proptest! {
        #[test]
        fn every_metric_is_a_share_and_the_worst_recall_is_below_the_mean(
            counts in prop::collection::vec(prop::collection::vec(0usize..20, 4), 4)
        ) {
            let confusion = Confusion(counts);
            for share in [confusion.accuracy(), confusion.balanced_accuracy(), confusion.macro_f1()] {
                prop_assert!((0.0..=1.0).contains(&share), "{}", share);
            }
            prop_assert!(confusion.worst_recall() <= confusion.balanced_accuracy() + 1e-15);
        }

        #[test]
        fn with_equally_many_images_a_class_balanced_accuracy_is_accuracy(
            right in prop::collection::vec(0usize..=10, 3)
        ) {
            let row = |class: usize| {
                let mut row = vec![0; 3];
                row[class] = right[class];
                row[(class + 1) % 3] = 10 - right[class];
                row
            };
            let confusion = Confusion((0..3).map(row).collect());
            prop_assert!((confusion.balanced_accuracy() - confusion.accuracy()).abs() < 1e-12);
        }
    }
}
