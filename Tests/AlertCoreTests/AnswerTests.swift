import AlertCore
import Crypto
import Testing

/// How people's answers are read, and how they are asked.
@Suite struct AnswerTests {
    static let options = [
        ResponseOption(id: "a", number: 1, text: "Acknowledge", action: .assignToUser),
        ResponseOption(id: "e", number: 2, text: "Escalate", action: .escalate),
        ResponseOption(
            id: "n", number: 3, text: "No", action: .recordResponse,
            translations: [.init(language: "de", text: "Nein danke")]),
        ResponseOption(id: "x", number: 4, text: "No thanks", action: .recordResponse),
    ]

    struct Text: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var option: String?
        var comment: String?
        var alert: Int64?
        var language = "en"

        init(
            _ text: String, _ option: String?, _ comment: String? = nil, alert: Int64? = nil, in language: String = "en"
        ) {
            testDescription = text
            (self.option, self.comment, self.alert, self.language) = (option, comment, alert, language)
        }
    }

    @Test(arguments: [
        Text("1", "a"), Text(" 2 \n", "e"), Text("1.", "a"), Text("1)", "a"), Text("1, on my way", "a", "on my way"),
        Text("1 4711", "a", alert: 4711), Text("1 #4711 on it", "a", "on it", alert: 4711),
        Text("acknowledge", "a"), Text("ACKNOWLEDGE 100234", "a", alert: 100_234),
        Text("4711 1", "a", alert: 4711), Text("Escalate: too much for me", "e", "too much for me"),
        Text("No", "n"), Text("no thanks", "x"), Text("Nothing to say", nil), Text("nein danke", nil),
        Text("Nein danke", "n", in: "de"), Text("10 minutes", nil), Text("12", nil), Text("7", nil), Text("", nil),
        Text("who is this?", nil), Text("1st", nil), Text("1 see ticket 12", "a", "see ticket 12"),
    ])
    func readsTextMessages(_ row: Text) {
        let text = AnswerText(row.testDescription)
        let match = text.match(Self.options, language: row.language)
        #expect(match?.option.id == row.option && match?.comment == row.comment && text.alertNumber == row.alert)
    }

    @Test(arguments: [("STOP", true), (" stop. ", true), ("Unsubscribe", true), ("stop it", false), ("1", false)])
    func leavesTheProvidersWordsToIt(_ text: String, _ isProviders: Bool) {
        #expect(AnswerText(text).isProviderWord == isProviders)
    }

    @Test(arguments: [
        (String(repeating: "a", count: 160), 1), (String(repeating: "a", count: 161), 2),
        (String(repeating: "a", count: 306), 2), (String(repeating: "a", count: 307), 3),
        (String(repeating: "€", count: 80), 1), (String(repeating: "€", count: 81), 2),
        (String(repeating: "я", count: 70), 1), (String(repeating: "я", count: 71), 2),
        (String(repeating: "😀", count: 35), 1), (String(repeating: "😀", count: 36), 2),
        (String(repeating: "ö", count: 160), 1), ("", 1),
    ])
    func countsParts(_ text: String, _ parts: Int) {
        #expect(TextMessage.parts(of: text) == parts)
    }

    @Test(arguments: ["a", "я", "😀", "👨‍👩‍👧‍👦", "ö"])
    func cutsWhatHappenedButNeverHowToAnswer(_ character: String) {
        let text = TextMessage.text(
            String(repeating: character, count: 2000), alertNumber: 4711,
            answers: [(1, "Acknowledge"), (2, "Escalate")], phrases: AnswerPhrases(language: "en"))
        #expect(TextMessage.parts(of: text) <= TextMessage.partLimit)
        #expect(text.hasSuffix("...\nReply 1 Acknowledge, 2 Escalate (or 1 4711, if several alerts are open)"))
        #expect(TextMessage.parts(of: character + text) >= TextMessage.partLimit)
    }

    @Test func asksInTheLanguageOfThePerson() {
        let text = TextMessage.text(
            "Platte voll", alertNumber: 4711, answers: [(1, "Annehmen")], phrases: AnswerPhrases(language: "de-AT"))
        #expect(text == "Platte voll\nAntwort: 1 Annehmen (oder 1 4711, falls mehrere Alarme offen sind)")
        #expect(AnswerPhrases(language: "xx").nothingOpen == AnswerPhrases(language: "en").nothingOpen)
    }

    @Test(arguments: [
        ("en", 90, "Ben", "Alert 7 ended 90 seconds ago by Ben. Your answer is not needed any more."),
        ("en", 600, "Ben", "Alert 7 ended 10 minutes ago by Ben. Your answer is not needed any more."),
        ("en", 10_800, nil, "Alert 7 expired 3 hours ago. Your answer is not needed any more."),
        ("de", 259_200, "Ben", "Alarm 7 wurde vor 3 Tagen von Ben beendet. Ihre Antwort wird nicht mehr gebraucht."),
    ])
    func saysHowAnAlertEnded(_ language: String, _ seconds: Int, _ by: String?, _ text: String) {
        #expect(AnswerPhrases(language: language).ended(alert: 7, ago: .seconds(seconds), by: by) == text)
    }
}

/// What a provider signs, and what it is told.
@Suite struct TwilioTests {
    private static let url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    private static let form = [
        (name: "CallSid", value: "CA1234567890ABCDE"), (name: "Digits", value: "1234"),
        (name: "From", value: "+14158675309"), (name: "To", value: "+18005551212"),
        (name: "Caller", value: "+14158675309"),
    ]
    /// As Twilio's documentation has it for this URL, this form and the token 12345.
    private static let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="

    @Test func signsAsTwilioDocuments() {
        #expect(TwilioSignature.make(url: Self.url, form: Self.form, token: "12345") == Self.signature)
        #expect(
            TwilioSignature.isValid(Self.signature, url: Self.url, form: Self.form.reversed(), token: "12345"))
        let withPort = "https://mycompany.com:8443/myapp.php?foo=1&bar=2"
        #expect(TwilioSignature.isValid(Self.signature, url: withPort, form: Self.form, token: "12345"))
    }

    @Test func refusesEverythingElse() {
        func isValid(
            _ signature: String = Self.signature, _ url: String = Self.url,
            _ form: [(name: String, value: String)] = Self.form, _ token: String = "12345"
        ) -> Bool { TwilioSignature.isValid(signature, url: url, form: form, token: token) }
        #expect(isValid())
        #expect(!isValid(""))
        #expect(!isValid("RSOYDt4T1cUTdK1PDd93/VVr8B4="))
        #expect(!isValid(Self.signature, Self.url + "&baz=3"))
        #expect(!isValid(Self.signature, Self.url, Array(Self.form.dropLast())))
        #expect(!isValid(Self.signature, Self.url, Self.form, "12346"))
        #expect(!isValid(TwilioSignature.make(url: Self.url, form: Self.form, token: ""), Self.url, Self.form, ""))
    }

    @Test func escapesWhatItSays() {
        let text = TwiML.document(
            [
                .gather(digits: 1, action: "https://x/?n=1&a=0", seconds: 8, [.say("<b> & \"x\" \u{0} ü")]),
                .dial("+1<2>"), .hangUp,
            ], voice: "de-DE")
        #expect(
            text == "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Gather input=\"dtmf\" numDigits=\"1\" "
                + "finishOnKey=\"\" timeout=\"8\" action=\"https://x/?n=1&amp;a=0\" method=\"POST\" "
                + "actionOnEmptyResult=\"true\"><Say language=\"de-DE\">&lt;b&gt; &amp; &quot;x&quot;  ü</Say></Gather>"
                + "<Dial>+1&lt;2&gt;</Dial><Hangup/></Response>")
    }
}

/// Addresses to which a mail is answered.
@Suite struct ReplyAddressTests {
    private static let key = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    private static let id = "0f0e0d0c-0b0a-8908-8706-050403020100"

    @Test func readsBackWhatItMade() throws {
        let text = try #require(ReplyAddress(notification: Self.id).text(domain: "answers.example", key: Self.key))
        #expect(text.utf8.prefix { $0 != UInt8(ascii: "@") }.count <= 64)
        let other = SymmetricKey(data: [UInt8](repeating: 8, count: 32))
        for spelling in [text, text.uppercased()] {
            let read = ReplyAddress(spelling, domain: "Answers.example", keys: [other, Self.key])
            #expect(read?.notification == Self.id)
        }
        #expect(ReplyAddress(text, domain: "other.example", keys: [Self.key]) == nil)
        #expect(ReplyAddress(text, domain: "answers.example", keys: [other]) == nil)
        for index in text.indices where text[index] != "@" {
            var altered = text
            altered.replaceSubrange(index...index, with: text[index] == "a" ? "b" : "a")
            let read = ReplyAddress(altered, domain: "answers.example", keys: [Self.key])
            // The last letter has two bits that mean nothing: the id must be the same then.
            #expect(read == nil || read?.notification == Self.id)
        }
        #expect(ReplyAddress(notification: "no uuid").text(domain: "x.example", key: Self.key) == nil)
    }
}
