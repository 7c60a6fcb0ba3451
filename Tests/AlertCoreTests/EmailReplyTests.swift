import AlertCore
import Testing

/// What a reply says.
@Suite struct EmailReplyTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: String
        let option: String?
        var comment: String?
    }

    @Test(arguments: [
        Row(testDescription: "a number alone", body: "1\r\n", option: "a"),
        Row(testDescription: "the text", body: "acknowledge", option: "a"),
        Row(
            testDescription: "above a quote",
            body: "Escalate\n\nOn Mon, 9 Mar 2026 at 14:00, Tocsin <t@x.example> wrote:\n> 1 Acknowledge\n",
            option: "e"),
        Row(
            testDescription: "an introduction of two lines",
            body: "2\n\nOn Mon, 9 Mar 2026 at 14:00, Tocsin\n<tocsin@x.example> wrote:\n> x", option: "e"),
        Row(
            testDescription: "a comment below", body: "1\nI am on my way.\nGive me 10 minutes.\n\n-- \nAnna Berg\n",
            option: "a", comment: "I am on my way.\nGive me 10 minutes."),
        Row(testDescription: "a comment beside", body: "Acknowledge - on it", option: "a", comment: "on it"),
        Row(
            testDescription: "Outlook", body: "1\n\n________________________________\nFrom: Tocsin\n2 Escalate",
            option: "a"),
        Row(testDescription: "German", body: "1\n\nAm 9.3.2026 um 14:00 schrieb Tocsin:\n> x", option: "a"),
        Row(testDescription: "empty lines before", body: "\n \n2 later", option: "e", comment: "later"),
        Row(testDescription: "nothing but a quote", body: "> 1\n> Acknowledge\n", option: nil),
        Row(testDescription: "no answer", body: "What is this?\n1\n", option: nil),
        Row(testDescription: "a year is no alert", body: "1 see report 2026", option: "a", comment: "see report 2026"),
    ])
    func findsTheAnswer(_ row: Row) {
        let match = EmailReply(body: row.body).match(AnswerTests.options, language: "en")
        #expect(match?.option.id == row.option && match?.comment == row.comment)
    }

    @Test(arguments: [
        (["auto-submitted": "auto-replied"], "a@x.example", true), (["auto-submitted": "no"], "a@x.example", false),
        (["auto-submitted": "auto-generated"], "a@x.example", true), (["precedence": "Bulk"], "a@x.example", true),
        (["x-autoreply": "yes"], "a@x.example", true), ([:], "", true), ([:], "MAILER-DAEMON@x.example", true),
        (["content-type": "multipart/report; report-type=delivery-status"], "a@x.example", true),
        (["content-type": "multipart/alternative"], "a@x.example", false), ([:], "anna@x.example", false),
        (["x-auto-response-suppress": "All"], "anna@x.example", false),
    ])
    func knowsWhatNoPersonWrote(_ headers: [String: String], _ sender: String, _ isAutomatic: Bool) {
        #expect((EmailReply.automation(headers, sender: sender) != nil) == isAutomatic)
    }
}
