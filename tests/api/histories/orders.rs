//! Orders, from their creation to their last shipment.

use proptest::sample::Index;

use super::model::{Item, Order, OrderState, PLACES, fewest_places};
use super::play::{Play, pick, pick_open};
use super::value::Source;
use crate::common::{Value, json};

/// Seconds after which an order that is not paid has expired.
const PAYMENT_WINDOW: i64 = 901;

impl Play<'_> {
    pub fn sell(&mut self, lines: &[(usize, i64)], method: &str) {
        let body = json!({"items": self.lines(lines), "payment_method": method});
        let reply = self.shop.mara.post("/orders", &body);
        let Some(fewest) = fewest_places(&self.levels, lines) else {
            reply.refused(400, "INSUFFICIENT_STOCK");
            return;
        };
        let order = reply.expect(201).json();
        let id = order["id"].as_i64().unwrap();
        let is_sold = method == "cod";
        let items: Vec<Item> =
            order["items"].as_array().unwrap().iter().map(|item| self.sold_item(item, is_sold)).collect();
        let used = (0..PLACES).filter(|place| items.iter().any(|item| item.parts[*place] > 0)).count();
        assert_eq!(used, fewest as usize, "the places of {order}");
        for item in &items {
            for (level, part) in self.levels[item.product].iter_mut().zip(item.parts) {
                level.stock -= if is_sold { part } else { 0 };
                level.committed += if is_sold { part } else { 0 };
                level.reserved += if is_sold { 0 } else { part };
            }
            if is_sold {
                self.ledger.add_flow(item.product, -item.quantity(), Source::Sold { order: id });
            }
        }
        let state = if is_sold { OrderState::Sold } else { OrderState::Held };
        self.orders.push(Order { id, state, items });
    }

    /// An item, with the units of each place. The shop may choose the places, but each must have the units.
    fn sold_item(&self, item: &Value, is_sold: bool) -> Item {
        let product = self.product(&item["product_id"]);
        let (found, _totals) = self.read(product);
        let mut parts = [0; PLACES];
        for (place, part) in parts.iter_mut().enumerate() {
            let level = self.levels[product][place];
            *part = if is_sold { found[place][3] - level.committed } else { found[place][1] - level.reserved };
            assert!((0..=level.available()).contains(part), "{part} units from {level:?}");
        }
        assert_eq!(item["quantity"], parts.iter().sum::<i64>());
        Item { id: item["id"].as_i64().unwrap(), product, parts, shipped: [0; PLACES] }
    }

    pub fn pay(&mut self, index: Index) {
        let Some(at) = pick_open(&self.orders, index, Order::is_held) else { return };
        let order = &mut self.orders[at];
        if !order.is_held() {
            return;
        }
        let body = json!({"payment_reference": format!("PAY-{}", order.id)});
        self.shop.admin.post(&format!("/orders/{}/payment/confirm", order.id), &body).expect(200);
        order.state = OrderState::Sold;
        for item in &order.items {
            for (level, part) in self.levels[item.product].iter_mut().zip(item.parts) {
                level.reserved -= part;
                level.stock -= part;
                level.committed += part;
            }
            self.ledger.add_flow(item.product, -item.quantity(), Source::Sold { order: order.id });
        }
    }

    pub fn ship(&mut self, index: Index, item: Index, quantity: i64) {
        let Some(at) = pick_open(&self.orders, index, Order::can_be_shipped) else { return };
        let order = &mut self.orders[at];
        let item = item.index(order.items.len());
        let body = json!({"lines": [{"item_id": order.items[item].id, "quantity": quantity}]});
        let reply = self.shop.admin.post(&format!("/orders/{}/shipments", order.id), &body);
        if !order.can_be_shipped() {
            reply.refused(409, "INVALID_TRANSITION");
            return;
        }
        let item = &mut order.items[item];
        if quantity > item.unshipped() {
            reply.refused(409, "QUANTITY_EXCEEDED");
            return;
        }
        let shipment = reply.expect(201).json();
        let mut shipped = 0;
        for line in shipment["lines"].as_array().unwrap() {
            let place = self.shop.places.iter().position(|place| line["location_id"] == *place).unwrap();
            let units = line["quantity"].as_i64().unwrap();
            shipped += units;
            item.shipped[place] += units;
            assert!(item.shipped[place] <= item.parts[place], "{shipment}");
            self.levels[item.product][place].committed -= units;
        }
        assert_eq!(shipped, quantity, "{shipment}");
    }

    pub fn cancel(&mut self, index: Index) {
        let Some(at) = pick(&self.orders, index) else { return };
        let reply = self.shop.admin.post_nothing(&format!("/orders/{}/cancel", self.orders[at].id));
        let order = &self.orders[at];
        if order.state == OrderState::Ended || order.is_shipped_in_part() {
            reply.refused(409, "ORDER_NOT_CANCELLABLE");
        } else {
            reply.expect(200);
            self.end(at);
        }
    }

    /// Lets the time pass until no order can be paid any more.
    pub fn expire(&mut self) {
        self.shop.app.advance(PAYMENT_WINDOW);
        self.shop.app.expire_holds();
        for at in 0..self.orders.len() {
            if self.orders[at].state == OrderState::Held {
                self.end(at);
            }
        }
    }

    /// Gives the units of an order back.
    fn end(&mut self, at: usize) {
        let order = &mut self.orders[at];
        for item in &order.items {
            for (level, part) in self.levels[item.product].iter_mut().zip(item.parts) {
                match order.state {
                    OrderState::Held => level.reserved -= part,
                    OrderState::Sold => {
                        level.committed -= part;
                        level.stock += part;
                    }
                    OrderState::Ended => (),
                }
            }
            if order.state == OrderState::Sold {
                self.ledger.add_flow(item.product, item.quantity(), Source::Cancelled { order: order.id });
            }
        }
        order.state = OrderState::Ended;
    }
}
