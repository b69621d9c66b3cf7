//! Transfers.

use proptest::sample::Index;

use super::act::Arrived;
use super::model::{Receipt, Transfer, TransferLine, TransferState};
use super::play::{Play, pick_open};
use crate::common::{Reply, Value, json};

impl Play<'_> {
    pub fn ready(&mut self, from: usize, to: usize, lines: &[(usize, i64)]) {
        let body = json!({"from_location_id": self.shop.places[from], "to_location_id": self.shop.places[to],
                          "lines": self.lines(lines)});
        let draft = self.shop.admin.post("/transfers", &body).expect(201).json();
        let lines: Vec<TransferLine> = draft["lines"].as_array().unwrap().iter().map(|line| self.line(line)).collect();
        let transfer = Transfer {
            id: draft["id"].as_i64().unwrap(),
            from,
            to,
            state: TransferState::Ready,
            lines,
            receipts: Vec::new(),
        };
        let reply = self.post(&transfer, "ready", &json!({}));
        let is_short = |line: &TransferLine| line.planned > self.levels[line.product][from].available();
        if transfer.lines.iter().any(is_short) {
            reply.refused(400, "INSUFFICIENT_STOCK");
            return;
        }
        reply.expect(200);
        transfer.lines.iter().for_each(|line| self.levels[line.product][from].reserved += line.planned);
        self.transfers.push(transfer);
    }

    fn line(&self, line: &Value) -> TransferLine {
        TransferLine {
            id: line["id"].as_i64().unwrap(),
            product: self.product(&line["product_id"]),
            planned: line["quantity"].as_i64().unwrap(),
            outstanding: 0,
        }
    }

    fn post(&self, transfer: &Transfer, act: &str, body: &Value) -> Reply {
        self.shop.admin.post(&format!("/transfers/{}/{act}", transfer.id), body)
    }

    pub fn withdraw(&mut self, index: Index) {
        let Some(at) = pick_open(&self.transfers, index, Transfer::is_ready) else { return };
        let reply = self.post(&self.transfers[at], "cancel", &json!({}));
        if self.leave_ready(at, reply) {
            self.transfers[at].state = TransferState::Withdrawn;
        }
    }

    pub fn send(&mut self, index: Index) {
        let Some(at) = pick_open(&self.transfers, index, Transfer::is_ready) else { return };
        let reply = self.post(&self.transfers[at], "send", &json!({}));
        if !self.leave_ready(at, reply) {
            return;
        }
        let transfer = &mut self.transfers[at];
        transfer.state = TransferState::Sent;
        for line in &mut transfer.lines {
            line.outstanding = line.planned;
            self.levels[line.product][transfer.from].stock -= line.planned;
            self.levels[line.product][transfer.to].in_transit += line.planned;
        }
    }

    /// Ends the holds of a transfer that is ready. False if it is not ready: then it was refused.
    fn leave_ready(&mut self, at: usize, reply: Reply) -> bool {
        let transfer = &self.transfers[at];
        if !transfer.is_ready() {
            reply.refused(409, "INVALID_TRANSITION");
            return false;
        }
        reply.expect(200);
        transfer.lines.iter().for_each(|line| self.levels[line.product][transfer.from].reserved -= line.planned);
        true
    }

    pub fn arrive(&mut self, index: Index, line: Index, units: Arrived) {
        let Arrived { accepted, rejected, allow_over, .. } = units;
        let Some(at) = pick_open(&self.transfers, index, Transfer::is_on_the_road) else { return };
        let line = line.index(self.transfers[at].lines.len());
        let lines = json!([{"line_id": self.transfers[at].lines[line].id, "accepted": accepted, "rejected": rejected}]);
        let reply = self.post(&self.transfers[at], "receive", &json!({"lines": lines, "allow_over": allow_over}));
        let transfer = &mut self.transfers[at];
        let arrived = accepted + rejected;
        let over = (arrived - transfer.lines[line].outstanding).max(0);
        if !transfer.is_on_the_road() {
            reply.refused(409, "INVALID_TRANSITION");
        } else if arrived == 0 {
            reply.refused(422, "VALIDATION_FAILED");
        } else if over > 0 && !allow_over {
            reply.refused(409, "OVER_RECEIPT");
        } else {
            let receipts = reply.expect(200).json()["receipts"].clone();
            let number = receipts.as_array().unwrap().last().unwrap()["receipt_number"].as_str().unwrap().to_owned();
            transfer.lines[line].outstanding -= arrived - over;
            transfer.receipts.push(Receipt { number, line, accepted, rejected, over });
            let level = &mut self.levels[transfer.lines[line].product][transfer.to];
            level.in_transit -= arrived - over;
            level.stock += accepted;
            level.quarantined += rejected;
        }
    }

    pub fn settle(&mut self, index: Index, line: Index, quantity: i64, outcome: &str) {
        let Some(at) = pick_open(&self.transfers, index, Transfer::is_on_the_road) else { return };
        let line = line.index(self.transfers[at].lines.len());
        let lines = json!([{"line_id": self.transfers[at].lines[line].id, "quantity": quantity, "outcome": outcome}]);
        let reply = self.post(&self.transfers[at], "settle", &json!({"lines": lines, "reason": "The carrier says so"}));
        let transfer = &mut self.transfers[at];
        if !transfer.is_on_the_road() {
            reply.refused(409, "INVALID_TRANSITION");
        } else if quantity > transfer.lines[line].outstanding {
            reply.refused(409, "QUANTITY_EXCEEDED");
        } else {
            reply.expect(200);
            let line = &mut transfer.lines[line];
            line.outstanding -= quantity;
            let levels = &mut self.levels[line.product];
            levels[transfer.to].in_transit -= quantity;
            if outcome == "returned" {
                levels[transfer.from].stock += quantity;
            }
        }
    }

    /// Reverses the last receipt of a transfer.
    pub fn reverse(&mut self, index: Index) {
        let Some(at) = pick_open(&self.transfers, index, |transfer| !transfer.receipts.is_empty()) else { return };
        let Some(Receipt { number, line, accepted, rejected, over }) = self.transfers[at].receipts.last().cloned()
        else {
            return;
        };
        let reply =
            self.post(&self.transfers[at], &format!("receipts/{number}/reverse"), &json!({"reason": "Counted wrong"}));
        let transfer = &mut self.transfers[at];
        let level = &mut self.levels[transfer.lines[line].product][transfer.to];
        if accepted > level.available() || rejected > level.quarantined {
            reply.refused(400, "INSUFFICIENT_STOCK");
            return;
        }
        reply.expect(200);
        transfer.receipts.pop();
        transfer.lines[line].outstanding += accepted + rejected - over;
        level.in_transit += accepted + rejected - over;
        level.stock -= accepted;
        level.quarantined -= rejected;
    }
}
