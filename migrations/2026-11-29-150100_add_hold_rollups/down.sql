DROP TABLE holds_by_day;
DROP TABLE hold_folds;
