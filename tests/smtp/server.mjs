// A real mail server for the tests: node server.mjs none|starttls|tls [user password]
//
// It prints each mail that it accepts as a line of JSON. Addresses that begin with `refused` do not exist, those that
// begin with `deferred` are not available now, those that begin with `slow` are accepted after seven seconds, and those
// that begin with `unwanted` refuse every content. It has a certificate of its own: SSL_CERT_FILE=localhost.crt makes a
// client trust it.

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
        if (address.startsWith("refused")) return done(refusal(550, `<${address}>: no such mailbox`));
        if (address.startsWith("deferred")) return done(refusal(450, `<${address}>: try again later`));
        if (address.startsWith("slow")) return setTimeout(done, 7_000);
        done();
    },
    onData(stream, session, done) {
        const chunks = [];
        stream.on("data", chunk => chunks.push(chunk));
        stream.on("end", () => {
            const { mailFrom, rcptTo } = session.envelope;
            const isUnwanted = rcptTo.some(({ address }) => address.startsWith("unwanted"));
            if (isUnwanted) return done(refusal(554, "this content is not accepted"));
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

function refusal(responseCode, message) {
    return Object.assign(new Error(message), { responseCode });
}

function print(value) {
    console.log(JSON.stringify(value));
}
