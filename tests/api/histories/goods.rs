//! Changes of the stock by hand.

use super::act::{Row, Way};
use super::play::{Play, amount};
use crate::common::json;

impl Play<'_> {
    pub fn receive(&mut self, (product, place): Row, quantity: i64) {
        self.shop.app.receive(&self.products[product], quantity, self.shop.places[place]).expect(200);
        self.levels[product][place].stock += quantity;
    }

    pub fn adjust(&mut self, (product, place): Row, quantity: i64) {
        let body = json!({"quantity": quantity, "movement_type": "adjustment", "reason": "Counted",
                          "location_id": self.shop.places[place]});
        let path = format!("/inventory/products/{}/stock", self.products[product].id);
        let reply = self.shop.admin.put(&path, &body);
        let level = &mut self.levels[product][place];
        if quantity < level.reserved {
            reply.refused(409, "STOCK_BELOW_RESERVED");
        } else {
            reply.expect(200);
            level.stock = quantity;
        }
    }

    pub fn move_units(&mut self, (product, place): Row, quantity: i64, way: Way) {
        let (from, to) = match way {
            Way::ToQuarantine => ("sellable", "quarantine"),
            Way::ToSellable => ("quarantine", "sellable"),
            Way::Scrap => ("sellable", "scrap"),
            Way::ScrapQuarantined => ("quarantine", "scrap"),
        };
        let body = json!({"quantity": quantity, "location_id": self.shop.places[place], "from": from, "to": to,
                          "reason": "Inspected"});
        let path = format!("/inventory/products/{}/move", self.products[product].id);
        let reply = self.shop.admin.post(&path, &body);
        let level = &mut self.levels[product][place];
        let present = if from == "sellable" { level.available() } else { level.quarantined };
        if quantity > present {
            reply.refused(400, "INSUFFICIENT_STOCK");
            return;
        }
        reply.expect(200);
        *(if from == "sellable" { &mut level.stock } else { &mut level.quarantined }) -= quantity;
        match to {
            "sellable" => level.stock += quantity,
            "quarantine" => level.quarantined += quantity,
            _scrap => (),
        }
    }

    /// Sets the cost of units that come in without a purchase.
    pub fn set_cost_price(&mut self, product: usize, cost: Option<i64>) {
        let cost_price = cost.map(amount);
        self.shop.app.set_product(&self.products[product], &json!({"cost_price": cost_price}));
        self.cost_prices[product] = cost;
    }
}
