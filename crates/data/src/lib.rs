//! What is learned from: datasets, subject-wise folds, augmentation, the synthetic faces.
