//! Lists of scarce variants are right at once, whether or not the job has kept their figures since a change.

mod changes;
mod servers;

use diesel::connection::SimpleConnection;

use crate::common::shop::Product;
use crate::common::{Client, TestApp, Value, json};

/// A store with two places and two suppliers, of which the job keeps figures.
struct Shop {
    app: TestApp,
    admin: Client,
    main: i64,
    attic: i64,
    rice: Product,
    tee: Product,
    cheap: i64,
    dear: i64,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::start();
        let admin = app.admin();
        let (main, attic) = (app.main_location(), app.add_location("attic"));
        let rice = app.product("rice", 10.0, 20);
        let tee = app.sized_product("tee", 30.0, &[("M", 3), ("L", 40)]);
        app.product("plenty", 5.0, 1_000);
        app.product("empty", 5.0, 0);
        app.receive(&rice, 4, attic).expect(200);
        let supplier = |code: &str, days: i64, cost: i64| {
            let supplier = json!({"code": code, "name": code, "lead_time_days": days});
            let id = admin.post("/suppliers", &supplier).expect(201).id();
            let item = json!({"product_id": rice.id, "unit_cost": cost, "pack_quantity": 6});
            admin.post(&format!("/suppliers/{id}/items"), &item).expect(201);
            id
        };
        let (cheap, dear) = (supplier("cheap", 10, 7), supplier("dear", 90, 9));
        Self { main, attic, rice, tee, cheap, dear, admin, app }
    }

    /// Runs the job when all changes so far are old, so that readers find later ones only.
    fn settle(&self) {
        self.app.advance(60);
        self.app.find_scarce_variants();
    }

    fn lists(&self) -> Vec<Value> {
        let low = ["above_minimum", "id", "name", "sku", "stock"].map(|key| format!("products/low-stock?sort={key}"));
        let reorder = ["needed", "sku", "variant_id"].map(|key| format!("reorder?sort={key}"));
        let of_supplier = [self.cheap, self.dear].map(|id| format!("reorder?sort=sku&supplier={id}"));
        let ascending = low.into_iter().chain(reorder).chain(of_supplier);
        ascending
            .flat_map(|path| [path.replace("sort=", "sort=-"), path])
            .map(|path| self.admin.get(&format!("/inventory/{path}")).expect(200).json())
            .collect()
    }

    /// The lists as they are computed from all stock.
    fn computed_lists(&self) -> Vec<Value> {
        let conn = &mut self.app.connection();
        conn.batch_execute("CREATE TABLE kept AS SELECT * FROM scarcity_searches; DELETE FROM scarcity_searches")
            .unwrap();
        let lists = self.lists();
        conn.batch_execute("INSERT INTO scarcity_searches SELECT * FROM kept; DROP TABLE kept").unwrap();
        lists
    }

    fn assert_right(&self, when: &str) -> Vec<Value> {
        let lists = self.lists();
        for (kept, computed) in lists.iter().zip(self.computed_lists()) {
            assert_eq!(*kept, computed, "{when}");
        }
        lists
    }
}
