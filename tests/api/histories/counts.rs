//! Counts of a place or its quarantine, from the first look to the posting.

use chrono::{DateTime, Utc};
use proptest::sample::Index;

use super::act::{Entry, Figure, NewCount};
use super::ledger::StockRow;
use super::model::{Count, CountEntry, CountLine, Look};
use super::play::{Play, moment, pick_open};
use crate::common::{Reply, Value, json};

impl Play<'_> {
    pub fn open(&mut self, new: &NewCount) {
        let NewCount { place, is_quarantine, products, entries, zero, like } = new.clone();
        let like = like.and_then(|index| pick_open(&self.counts, index, Count::is_pending)).map(|at| &self.counts[at]);
        let (place, is_quarantine, products) = like
            .map_or((place, is_quarantine, products), |like| (like.place, like.is_quarantine, like.products.clone()));
        let ids: Vec<i64> = products.iter().map(|product| self.products[*product].id).collect();
        let body = json!({"location_id": self.shop.places[place], "scope": {"products": ids},
                          "condition": if is_quarantine { "quarantine" } else { "sellable" },
                          "uncounted": if zero { "zero" } else { "leave" }});
        let found = self.shop.admin.post("/counts", &body).expect(201).json();
        let opened_at = moment(&found["created_at"]);
        let line =
            |line: &Value| CountLine::new(line["line"].as_i64().unwrap(), self.product(&line["product_id"]), opened_at);
        let lines: Vec<CountLine> = found["lines"].as_array().unwrap().iter().map(line).collect();
        assert_eq!(lines.len(), products.len(), "{found}");
        let id = found["id"].as_i64().unwrap();
        self.counts.push(Count { id, place, is_quarantine, products, zero, opened_at, lines });
        if !entries.is_empty() {
            self.enter_into(self.counts.len() - 1, &entries);
        }
    }

    fn post_count(&self, count: usize, act: &str, body: &Value) -> Reply {
        self.shop.admin.post(&format!("/counts/{}/{act}", self.counts[count].id), body)
    }

    pub fn enter(&mut self, index: Index, entries: &[Entry]) {
        let is_open = |count: &Count| count.status() == "open";
        if let Some(at) = pick_open(&self.counts, index, is_open) {
            self.enter_into(at, entries);
        }
    }

    fn enter_into(&mut self, at: usize, entries: &[Entry]) {
        let seen: Vec<_> = entries.iter().map(|entry| self.see(at, entry)).collect();
        let wire = entries.iter().zip(&seen).map(|(entry, (quantity, is_added, counted_at))| {
            json!({"product_id": self.products[entry.product].id, "quantity": quantity, "add": is_added,
                   "counted_at": counted_at.map(|at| at.to_rfc3339())})
        });
        let reply = self.post_count(at, "entries", &json!({"entries": wire.collect::<Vec<_>>()}));
        let count = &mut self.counts[at];
        let is_closed =
            |line: &CountLine| line.status != "open" && entries.iter().any(|entry| entry.product == line.product);
        if count.status() != "open" || count.lines.iter().any(is_closed) {
            reply.refused(409, "INVALID_TRANSITION");
            return;
        }
        let found = reply.expect(200).json();
        // The server has put the time of the request to entries without a time.
        let times = found["lines"].as_array().unwrap().iter().map(|line| &line["counted_at"]);
        let now = times.filter(|at| !at.is_null()).map(moment).max();
        for (entry, (quantity, is_added, counted_at)) in entries.iter().zip(seen) {
            let line = find_or_add(count, entry.product);
            let look = counted_at.or(now).expect("an entry without a time has none in the answer");
            line.entries.push(CountEntry { quantity, is_added, at: look });
            line.look_again();
        }
        self.check_count(at, &found);
    }

    /// The units of an entry, whether they are added, and the time of the look.
    fn see(&self, count: usize, entry: &Entry) -> (i64, bool, Option<DateTime<Utc>>) {
        let Count { place, is_quarantine, opened_at, .. } = self.counts[count];
        let since: Vec<_> = self.moments.iter().copied().filter(|at| *at >= opened_at).collect();
        let at = entry.look.filter(|_| !since.is_empty()).map(|look| *look.get(&since));
        let row = StockRow { product: entry.product, place, is_quarantine };
        match entry.figure {
            Figure::Exactly(quantity) => (quantity, false, at),
            Figure::Near(off) => {
                let present = self.ledger.on_hand(row, at.unwrap_or_else(|| self.now()));
                ((present + off).max(0), false, at)
            }
            Figure::Add(quantity) => (quantity, true, at),
        }
    }

    pub fn submit(&mut self, index: Index) {
        let is_counted = |count: &Count| count.zero || count.lines.iter().any(|line| line.look.is_some());
        let can_be_submitted = |count: &Count| count.status() == "open" && is_counted(count);
        let Some(at) = pick_open(&self.counts, index, can_be_submitted) else { return };
        let reply = self.post_count(at, "submit", &json!({}));
        let count = &mut self.counts[at];
        if !can_be_submitted(count) {
            reply.refused(409, "INVALID_TRANSITION");
            return;
        }
        let found = reply.expect(200).json();
        for line in count.lines.iter_mut().filter(|line| line.status == "open") {
            line.status = if count.zero || line.look.is_some() { "submitted" } else { "uncounted" };
            if count.zero && line.look.is_none() {
                line.look = Some(Look { counted: 0, at: moment(&find(&found, line.number)["counted_at"]) });
            }
        }
        self.check_count(at, &found);
    }

    pub fn recount(&mut self, index: Index, line: Index) {
        let Some(at) = pick_open(&self.counts, index, Count::is_pending) else { return };
        let n = line.index(self.counts[at].lines.len());
        let number = self.counts[at].lines[n].number;
        let reply = self.post_count(at, &format!("lines/{number}/recount"), &json!({}));
        let has_ended = matches!(self.counts[at].lines[n].status, "posted" | "superseded" | "cancelled");
        if !self.counts[at].is_pending() || has_ended {
            reply.refused(409, "INVALID_TRANSITION");
            return;
        }
        let opened_at = self.now();
        let line = &mut self.counts[at].lines[n];
        (line.status, line.look, line.opened_at) = ("open", None, opened_at);
        self.check_count(at, &reply.expect(200).json());
    }

    /// Posts a count, or one line of it. If none is submitted yet, one is submitted first.
    pub fn post_lines(&mut self, index: Index, only: Option<Index>) {
        let is_submitted = |count: &Count| count.status() == "submitted";
        if !self.counts.iter().any(is_submitted) {
            self.submit(index);
        }
        let Some(at) = pick_open(&self.counts, index, is_submitted) else { return };
        let only = only.map(|only| only.get(&self.counts[at].lines).number);
        let reply = self.post_count(at, "post", &json!({"lines": only.map(|number| [number])}));
        if self.counts[at].status() != "submitted" {
            reply.refused(409, "INVALID_TRANSITION");
            return;
        }
        for n in 0..self.counts[at].lines.len() {
            let line = &self.counts[at].lines[n];
            if matches!(line.status, "submitted" | "refused") && only.is_none_or(|only| only == line.number) {
                self.post_line(at, n);
            }
        }
        self.check_count(at, &reply.expect(200).json());
    }

    fn post_line(&mut self, at: usize, n: usize) {
        let row = self.row(at, n);
        let count = &mut self.counts[at];
        let line = &mut count.lines[n];
        let Some(look) = line.look else { return };
        if self.ledger.newest_look(row).is_some_and(|newest| newest > look.at) {
            line.status = "superseded";
            return;
        }
        let expected = self.ledger.on_hand(row, look.at);
        let difference = look.counted - expected;
        let level = &mut self.levels[row.product][row.place];
        let (units, promised) =
            if row.is_quarantine { (&mut level.quarantined, 0) } else { (&mut level.stock, level.reserved) };
        if *units + difference < promised {
            line.status = "refused";
            return;
        }
        *units += difference;
        (line.status, line.expected) = ("posted", Some(expected));
        self.ledger.post_look(row, look.at, difference);
    }

    pub fn cancel_count(&mut self, index: Index) {
        let Some(at) = pick_open(&self.counts, index, Count::is_pending) else { return };
        let reply = self.post_count(at, "cancel", &json!({}));
        if !self.counts[at].is_pending() {
            reply.refused(409, "INVALID_TRANSITION");
            return;
        }
        let has_not_ended = |line: &&mut CountLine| matches!(line.status, "open" | "submitted" | "refused");
        self.counts[at].lines.iter_mut().filter(has_not_ended).for_each(|line| line.status = "cancelled");
        self.check_count(at, &reply.expect(200).json());
    }

    fn row(&self, count: usize, line: usize) -> StockRow {
        let Count { place, is_quarantine, ref lines, .. } = self.counts[count];
        StockRow { product: lines[line].product, place, is_quarantine }
    }

    /// Fails if the answer is not the count of the model. It may have some of the lines only.
    fn check_count(&self, at: usize, found: &Value) {
        let count = &self.counts[at];
        assert_eq!(found["status"], count.status(), "{found}");
        for (n, line) in count.lines.iter().enumerate() {
            let Some(wire) = found["lines"].as_array().unwrap().iter().find(|wire| wire["line"] == line.number) else {
                continue;
            };
            let row = self.row(at, n);
            let looked_at = line.look.map_or_else(|| self.now(), |look| look.at);
            let expected = line.expected.unwrap_or_else(|| self.ledger.on_hand(row, looked_at));
            let counted = line.look.map(|look| look.counted);
            assert_eq!(
                (&wire["status"], &wire["expected_quantity"], &wire["counted_quantity"], &wire["variance"]),
                (&json!(line.status), &json!(expected), &json!(counted), &json!(counted.map(|units| units - expected))),
                "{line:?} is {wire}"
            );
            let level = self.levels[row.product][row.place];
            let is_refused = line.status == "refused" && !row.is_quarantine;
            let promised = if is_refused { level.reserved + level.committed } else { 0 };
            let promises =
                wire["promises"].as_array().unwrap().iter().map(|promise| promise["quantity"].as_i64().unwrap());
            assert_eq!(promises.sum::<i64>(), promised, "{wire}");
        }
    }
}

fn find(count: &Value, number: i64) -> &Value {
    count["lines"].as_array().unwrap().iter().find(|line| line["line"] == number).unwrap()
}

/// The line of a product. A product that was found besides gets one.
fn find_or_add(count: &mut Count, product: usize) -> &mut CountLine {
    let at = count.lines.iter().position(|line| line.product == product).unwrap_or_else(|| {
        let number = count.lines.len() as i64 + 1;
        count.lines.push(CountLine::new(number, product, count.opened_at));
        count.lines.len() - 1
    });
    &mut count.lines[at]
}
