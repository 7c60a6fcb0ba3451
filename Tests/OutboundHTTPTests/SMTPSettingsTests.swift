import Testing

@testable import OutboundHTTP

struct SMTPSettingsTests {
    @Test func readsEveryPart() throws {
        let full = try SMTPSettings(url: "smtp://a%40b:p%2F%3A%25w@mail.example.org:2525?starttls=never&ca=/etc/ca.pem")
        #expect(full.user == "a@b")
        #expect(full.password == "p/:%w")
        #expect(full.host == "mail.example.org")
        #expect(full.port == 2525)
        #expect(full.startTLS == .never)
        #expect(full.caPath == "/etc/ca.pem")
        #expect(!full.isImplicitTLS)
    }

    @Test func choosesWhatIsNotSaid() throws {
        let plain = try SMTPSettings(url: "smtp://mail/")
        #expect(plain.port == 25)
        #expect(plain.startTLS == .opportunistic)
        let secret = try SMTPSettings(url: "SMTP://user:p@ss@mail")
        #expect(secret.port == 587)
        #expect(secret.startTLS == .required)
        #expect(secret.password == "p@ss")
        let implicit = try SMTPSettings(url: "smtps://[::1]")
        #expect(implicit.port == 465)
        #expect(implicit.host == "[::1]")
        #expect(implicit.isImplicitTLS)
    }

    @Test(arguments: [
        ("", "scheme"), ("http://mail", "scheme"), ("mail:25", "scheme"), ("smtp://", "host"), ("smtp://:25", "host"),
        ("smtp://user@mail", "password"), ("smtp://user:@mail", "password"), ("smtp://:secret@mail", "user"),
        ("smtp://us%zzer:secret@mail", "user"), ("smtp://user:secret%@mail", "password"),
        ("smtp://user:secret%0A@mail", "password"), ("smtp://mail:0", "port"), ("smtp://mail:65536", "port"),
        ("smtp://mail:smtp", "port"), ("smtp://mail/path", "path"), ("smtp://ma il", "host"),
        ("smtp://[::1", "host"), ("smtp://[::1]x", "host"), ("smtp://[x]", "host"),
        ("smtp://mail?starttls=maybe", "starttls"), ("smtps://mail?starttls=never", "starttls"),
        ("smtp://mail?ca=relative", "ca"), ("smtp://mail?tls=1", "tls"),
    ])
    func namesTheWrongPart(_ url: String, _ part: String) {
        let error = #expect(throws: SMTPSettingsError.self) { try SMTPSettings(url: url) }
        #expect(error?.part == part)
        #expect(error?.description.contains("secret") == false)
    }
}
