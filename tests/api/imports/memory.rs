//! The memory of files that arrive at the same time.

use std::io::Write;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use super::import;
use crate::common::TestApp;
use stockroom::auth::Role;

/// Sends the head of an import and the beginning of its file.
fn begin(app: &TestApp, token: &str, bytes: usize) -> TcpStream {
    let host = app.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /api/v1/imports?kind=products HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: text/csv\r\nContent-Length: {bytes}\r\n\r\nsku,name,price\n"
    )
    .unwrap();
    stream
}

#[test]
fn files_beyond_the_memory_are_refused_until_others_have_ended() {
    let app = TestApp::start();
    app.leave_out_other_server();
    let token = app.token(app.account("boss", Role::Admin), Role::Admin);
    let admin = app.admin();
    let mut files = Vec::new();
    // There is room for four. One that comes at the same time as the small file may be refused.
    let refused = loop {
        files.push(begin(&app, &token, 10 * 1024 * 1024));
        let reply = import(&admin, "kind=products&dry_run=true", "sku,name,price\nrice,Rice,1.00\n");
        if reply.status == 503 {
            break reply;
        }
        reply.expect(201);
        sleep(Duration::from_millis(20));
    };
    assert_eq!(refused.json()["code"], "BUSY");
    assert_eq!(refused.header("retry-after"), "5");
    drop(files);
    while import(&admin, "kind=products", "sku,name,price\nrice,Rice,1.00\n").status == 503 {
        sleep(Duration::from_millis(20));
    }
    admin.get("/inventory/products/rice").expect(200);
}
