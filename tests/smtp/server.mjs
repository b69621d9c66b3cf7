// A real mail server for the tests: node server.mjs none|starttls|tls [user password]
//
// It takes every mail but those to an address that begins with `refused`, and prints each as a line of JSON. The
// certificate is its own; whoever should trust it sets SSL_CERT_FILE to localhost.crt.

import { readFileSync } from "node:fs";
import { SMTPServer } from "smtp-server";

const [tls, user, password] = process.argv.slice(2);
const file = name => readFileSync(new URL(name, import.meta.url));

const server = new SMTPServer({
    key: file("localhost.key"),
    cert: file("localhost.crt"),
    secure: tls === "tls",
    hideSTARTTLS: tls !== "starttls",
    hideSMTPUTF8: true,
    authOptional: user === undefined,
    onAuth({ username, password: shown }, session, done) {
        const isGood = session.secure && username === user && shown === password;
        done(isGood ? null : new Error("wrong user or password"), { user: username });
    },
    onRcptTo({ address }, session, done) {
        const refusal = Object.assign(new Error(`<${address}>: no such mailbox`), { responseCode: 550 });
        done(address.startsWith("refused") ? refusal : null);
    },
    onData(stream, session, done) {
        const chunks = [];
        stream.on("data", chunk => chunks.push(chunk));
        stream.on("end", () => {
            const { mailFrom, rcptTo } = session.envelope;
            print({
                from: mailFrom.address,
                to: rcptTo.map(recipient => recipient.address),
                secure: session.secure,
                user: session.user ?? null,
                text: Buffer.concat(chunks).toString(),
            });
            done();
        });
    },
});

// A client that does not trust the certificate hangs up in the middle of the greeting.
server.on("error", error => console.error(error.message));

server.listen(0, "127.0.0.1", () => print(server.server.address().port));

function print(value) {
    console.log(JSON.stringify(value));
}
