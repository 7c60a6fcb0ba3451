import Testing

@testable import AlertCore

/// The words of an alert for one person.
struct AlertTextTests {
    static let form = Form(
        id: "f", number: 1, plan: "p", name: "Down",
        emailTemplates: [
            .init(language: "en", subject: "${Host} is down", body: "<b>${Host}</b>"),
            .init(language: "de", subject: "${Host} steht", body: "<i>${Host}</i>"),
        ],
        smsTemplates: [
            .init(language: "en", text: "${Host} down ${alert.id}"), .init(language: "de", text: "${Host} aus"),
        ],
        voiceTemplates: [
            .init(
                language: "en",
                steps: [
                    .init(stepType: "PHRASE", phrase: "Attention"), .init(stepType: "PROPERTY", property: "Host"),
                    .init(stepType: "PROPERTY", playback: "CHARACTERS", property: "Code"),
                    .init(stepType: "COMMON", commonProperty: "PRIORITY"),
                ])
        ])

    func text(_ language: String, form: Form? = Self.form) -> AlertText {
        var alert = details(recipients: [])
        alert.subject = "db1 is down"
        alert.body = "<b>db1</b>"
        alert.properties = ["Host": "db1", "Code": "A7"]
        alert.propertyTranslations = ["Host": ["de": "Datenbank & 1"]]
        return AlertText(alert, form: form, definitions: [:], language: language)
    }

    @Test(arguments: [
        ("en", "db1 is down", "<b>db1</b>"), ("de", "Datenbank & 1 steht", "<i>Datenbank &amp; 1</i>"),
        ("de-CH", "Datenbank & 1 steht", "<i>Datenbank &amp; 1</i>"), ("fr", "db1 is down", "<b>db1</b>"),
        ("", "db1 is down", "<b>db1</b>"),
    ])
    func areInThePersonsLanguage(_ language: String, _ subject: String, _ body: String) {
        #expect(text(language).subject == subject && text(language).body == body)
    }

    @Test func areShortForAPhone() {
        #expect(text("en").sms == "db1 down \(details(recipients: []).number)")
        #expect(text("de").sms == "Datenbank & 1 aus")
        #expect(text("fr").sms?.hasPrefix("db1 down ") == true)
        #expect(text("en").speech == "Attention. db1. A 7. medium")
    }

    @Test func stayWhenTheFormIsGone() {
        let words = text("de", form: nil)
        #expect(words.subject == "db1 is down" && words.sms == nil && words.speech == nil)
        #expect(words.properties.map(\.value) == ["A7", "Datenbank & 1"])
    }

    @Test func answersAreTranslated() {
        let option = ResponseOption(
            id: "o", number: 1, text: "Yes", prompt: "say yes", action: .end,
            translations: [.init(language: "de", text: "Ja")])
        #expect(option.words(in: "de-AT") == ("Ja", "Ja"))
        #expect(option.words(in: "en") == ("Yes", "say yes"))
    }
}
