//! Purchase orders, from the order to the supplier's bill.

use proptest::sample::Index;

use super::act::{Arrived, Lines};
use super::model::{Purchase, PurchaseLine, PurchaseReceipt};
use super::play::{Play, amount, pick, pick_open};
use super::value::Source;
use crate::common::{Reply, Value, json};

/// The names of the figures of a line, without `_quantity`.
pub const FATES: [&str; 5] = ["over", "accepted", "rejected", "cancelled", "outstanding"];

impl Play<'_> {
    /// Orders units. Each line has another cost.
    pub fn order(&mut self, to: usize, lines: &Lines, cost: i64) {
        let costs: Vec<i64> = (0..).map(|n| cost + 7 * n).take(lines.len()).collect();
        let mut wire = self.lines(lines);
        for (line, cost) in wire.as_array_mut().unwrap().iter_mut().zip(&costs) {
            line["unit_cost"] = json!(amount(*cost));
        }
        let body = json!({"supplier_id": self.shop.supplier, "location_id": self.shop.places[to], "lines": wire});
        let draft = self.shop.admin.post("/purchase-orders", &body).expect(201).json();
        let lines = draft["lines"].as_array().unwrap().iter().zip(costs).map(|(line, unit_cost)| {
            let quantity = line["quantity"].as_i64().unwrap();
            PurchaseLine {
                id: line["id"].as_i64().unwrap(),
                product: self.product(&line["product_id"]),
                unit_cost,
                quantity,
                over: 0,
                accepted: 0,
                rejected: 0,
                cancelled: 0,
                outstanding: quantity,
            }
        });
        let purchase = Purchase { id: draft["id"].as_i64().unwrap(), to, lines: lines.collect(), receipts: Vec::new() };
        let reply = self.post_purchase(&purchase, "order", &json!({}));
        purchase.lines.iter().for_each(|line| self.levels[line.product][to].expected += line.quantity);
        check(&purchase, reply);
        self.purchases.push(purchase);
    }

    fn post_purchase(&self, purchase: &Purchase, act: &str, body: &Value) -> Reply {
        self.shop.admin.post(&format!("/purchase-orders/{}/{act}", purchase.id), body)
    }

    pub fn deliver(&mut self, index: Index, line: Index, units: Arrived, cost: Option<i64>) {
        let Arrived { accepted, rejected, keep_rejected, allow_over } = units;
        let Some(at) = pick_open(&self.purchases, index, Purchase::is_open) else { return };
        let n = line.index(self.purchases[at].lines.len());
        let line = self.purchases[at].lines[n];
        let body = json!({"allow_over": allow_over, "lines": [{
            "line_id": line.id, "accepted": accepted, "rejected": rejected, "keep_rejected": keep_rejected,
            "unit_cost": cost.map(amount)}]});
        let reply = self.post_purchase(&self.purchases[at], "receive", &body);
        let over = (accepted + rejected - line.outstanding).max(0);
        let purchase = &mut self.purchases[at];
        if !purchase.is_open() {
            reply.refused(409, "INVALID_TRANSITION");
        } else if accepted + rejected == 0 {
            reply.refused(422, "VALIDATION_FAILED");
        } else if over > 0 && !allow_over {
            reply.refused(409, "OVER_RECEIPT");
        } else {
            let receipts = reply.clone().expect(200).json()["receipts"].clone();
            let number = receipts.as_array().unwrap().last().unwrap()["receipt_number"].as_str().unwrap().to_owned();
            let quarantined = if keep_rejected { rejected } else { 0 };
            let (is_reversed, receipt) = (false, self.costs.len());
            self.costs.push(cost.unwrap_or(line.unit_cost));
            let arrived =
                PurchaseReceipt { number, line: n, accepted, rejected, quarantined, over, is_reversed, cost: receipt };
            if accepted + quarantined > 0 {
                self.ledger.add_flow(line.product, accepted + quarantined, Source::Bought { receipt });
            }
            purchase.receipts.push(arrived);
            self.move_in(at, self.purchases[at].receipts.len() - 1, 1);
            check(&self.purchases[at], reply);
        }
    }

    /// Adds the units of a receipt, or takes them away.
    fn move_in(&mut self, at: usize, receipt: usize, sign: i64) {
        let purchase = &mut self.purchases[at];
        let PurchaseReceipt { line, accepted, rejected, quarantined, over, .. } = purchase.receipts[receipt];
        let line = &mut purchase.lines[line];
        let expected = accepted + rejected - over;
        line.accepted += sign * accepted;
        line.rejected += sign * rejected;
        line.over += sign * over;
        line.outstanding -= sign * expected;
        let level = &mut self.levels[line.product][purchase.to];
        level.expected -= sign * expected;
        level.stock += sign * accepted;
        level.quarantined += sign * quarantined;
    }

    /// Reverses a receipt.
    pub fn send_back(&mut self, index: Index, receipt: Index) {
        let Some((at, n)) = self.pick_receipt(index, receipt) else { return };
        let receipt = self.purchases[at].receipts[n].clone();
        let act = format!("receipts/{}/reverse", receipt.number);
        let reply = self.post_purchase(&self.purchases[at], &act, &json!({"reason": "Wrong goods"}));
        let product = self.purchases[at].lines[receipt.line].product;
        let level = self.levels[product][self.purchases[at].to];
        if receipt.is_reversed {
            reply.refused(409, "INVALID_TRANSITION");
        } else if receipt.accepted > level.available() || receipt.quarantined > level.quarantined {
            reply.refused(400, "INSUFFICIENT_STOCK");
        } else {
            self.purchases[at].receipts[n].is_reversed = true;
            self.move_in(at, n, -1);
            let units = receipt.accepted + receipt.quarantined;
            if units > 0 {
                self.ledger.add_flow(product, -units, Source::SentBack { receipt: receipt.cost });
            }
            check(&self.purchases[at], reply);
        }
    }

    /// The bill of a receipt has another cost. It may come before or after the job has valued the receipt.
    pub fn bill(&mut self, index: Index, receipt: Index, cost: i64, is_late: bool) {
        let Some((at, n)) = self.pick_receipt(index, receipt) else { return };
        if is_late {
            self.shop.app.value_stock();
        }
        let purchase = &self.purchases[at];
        let receipt = &purchase.receipts[n];
        let lines = json!([{"line_id": purchase.lines[receipt.line].id, "unit_cost": amount(cost)}]);
        let reply =
            self.post_purchase(purchase, &format!("receipts/{}/costs", receipt.number), &json!({"lines": lines}));
        if receipt.is_reversed {
            reply.refused(409, "INVALID_TRANSITION");
        } else {
            check(purchase, reply);
            self.costs[receipt.cost] = cost;
        }
    }

    fn pick_receipt(&self, index: Index, receipt: Index) -> Option<(usize, usize)> {
        let at = pick_open(&self.purchases, index, Purchase::has_receipt)?;
        Some((at, pick(&self.purchases[at].receipts, receipt)?))
    }

    /// Ends what is outstanding.
    pub fn close(&mut self, index: Index) {
        let Some(at) = pick(&self.purchases, index) else { return };
        let reply = self.post_purchase(&self.purchases[at], "close", &json!({"reason": "Sold out"}));
        let purchase = &mut self.purchases[at];
        if !purchase.is_open() {
            reply.refused(409, "INVALID_TRANSITION");
            return;
        }
        for line in &mut purchase.lines {
            self.levels[line.product][purchase.to].expected -= line.outstanding;
            line.cancelled += line.outstanding;
            line.outstanding = 0;
        }
        check(purchase, reply);
    }
}

/// Fails if the answer is not the purchase of the model.
fn check(purchase: &Purchase, reply: Reply) {
    let found = reply.expect(200).json();
    assert_eq!(found["status"], purchase.status(), "{found}");
    for (line, model) in found["lines"].as_array().unwrap().iter().zip(&purchase.lines) {
        let fates = FATES.map(|name| line[format!("{name}_quantity")].as_i64().unwrap());
        assert_eq!(fates, model.fates(), "{FATES:?} of line {line}");
    }
}
