-- Finding the records that carry a label.
CREATE INDEX record_labels_label ON record_labels (label);
