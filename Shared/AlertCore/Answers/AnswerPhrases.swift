/// What we say to people besides an alert's own words, in their language; English where it is not here.
public struct AnswerPhrases: Sendable {
    /// A language that Twilio speaks, as in `de-DE`.
    public let voice: String
    private let words: [Key: String]

    /// `%1` and `%2` stand for what is put in.
    enum Key: CaseIterable, Sendable {
        case replyBy, greeting, press, again, unknownKey, goodbye, recorded, repeated, ended, expired, minutesAgo
        case enterPassword, wrongPassword, noPassword, joining, noBridge, callBack, nothingOpen, unknownPhone
        case notUnderstood, noSuchAlert, failure, test, severalAlerts, secondsAgo, hoursAgo, daysAgo
        case conference, conferenceCode, files, replyToMail
    }

    /// - Parameter language: A person's, as in `de` or `pt-BR`.
    public init(language: String) {
        let base = language.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" }).first.map(String.init)
        (voice, words) = Self.languages[base ?? "en"] ?? ("en-US", Self.english)
    }

    subscript(_ key: Key, _ parts: String...) -> String {
        var text = words[key] ?? Self.english[key] ?? ""
        for (index, part) in parts.enumerated() {
            text = text.split(separator: "%\(index + 1)", omittingEmptySubsequences: false).joined(separator: part)
        }
        return text
    }

    func replyBy(_ list: String, example: String) -> String { self[.replyBy, list, example] }

    private static let languages: [String: (String, [Key: String])] = [
        "en": ("en-US", english), "de": ("de-DE", german), "fr": ("fr-FR", french), "es": ("es-ES", spanish),
    ]
}

extension AnswerPhrases {
    /// "Recorded: Acknowledge, for alert 4711."
    public func recorded(_ option: String, alert: Int64) -> String { self[.recorded, option, String(alert)] }

    public func repeated(_ option: String, alert: Int64) -> String { self[.repeated, option, String(alert)] }

    /// "Alert 4711 ended 10 minutes ago by Ben Stone. Your answer is not needed any more."
    /// - Parameter by: `nil` when it expired.
    public func ended(alert: Int64, ago: Duration, by: String?) -> String {
        let seconds = max(0, ago.components.seconds)
        let time =
            switch seconds {
            case ..<120: self[.secondsAgo, String(seconds)]
            case ..<7200: self[.minutesAgo, String(seconds / 60)]
            case ..<172_800: self[.hoursAgo, String(seconds / 3600)]
            default: self[.daysAgo, String(seconds / 86_400)]
            }
        return by.map { self[.ended, String(alert), time, $0] } ?? self[.expired, String(alert), time]
    }

    /// - Parameter list: As in "1 Acknowledge, 2 Escalate".
    public func notUnderstood(_ list: String, alert: Int64) -> String { self[.notUnderstood, list, String(alert)] }

    public var nothingOpen: String { self[.nothingOpen] }
    public var unknownPhone: String { self[.unknownPhone] }
    public var failure: String { self[.failure] }
    public var test: String { self[.test] }
    public var severalAlerts: String { self[.severalAlerts] }
    public var conference: String { self[.conference] }
    public func conferenceCode(_ code: String) -> String { self[.conferenceCode, code] }
    /// What stands before a list of files.
    public var files: String { self[.files] }
    /// - Parameter list: As in "1 Acknowledge, 2 Escalate".
    public func replyToMail(_ list: String) -> String { self[.replyToMail, list] }
    public func noSuchAlert(_ number: Int64) -> String { self[.noSuchAlert, String(number)] }
}

extension AnswerPhrases {
    private static let english: [Key: String] = [
        .replyBy: "Reply %1 (or %2, if several alerts are open)",
        .greeting: "Hello. This is Tocsin, with an alert.",
        .press: "Press %1 for %2.",
        .again: "Press 0 to hear this again.",
        .unknownKey: "That key has no answer.",
        .goodbye: "Goodbye.",
        .recorded: "Recorded: %1, for alert %2.",
        .repeated: "Already recorded: %1, for alert %2.",
        .ended: "Alert %1 ended %2 by %3. Your answer is not needed any more.",
        .expired: "Alert %1 expired %2. Your answer is not needed any more.",
        .secondsAgo: "%1 seconds ago", .minutesAgo: "%1 minutes ago", .hoursAgo: "%1 hours ago",
        .daysAgo: "%1 days ago",
        .enterPassword: "Please enter your phone password, then the pound key.",
        .wrongPassword: "That is not right.",
        .noPassword: "This message needs a phone password, and you have none. Please sign in to the console.",
        .joining: "You are being connected to the conference.",
        .noBridge: "The conference has no number to call.",
        .callBack: "Please call this number back to answer.",
        .nothingOpen: "There is no alert that waits for your answer.",
        .unknownPhone: "This number is not known here. Your message was not delivered to anybody.",
        .notUnderstood: "That was not understood. For alert %2, reply: %1",
        .noSuchAlert: "Alert %1 does not wait for your answer.",
        .test: "This is a test of this telephone by Tocsin. Nothing has to be done. Goodbye.",
        .severalAlerts: "This is Tocsin. There are several alerts for you. Please look at the console. Goodbye.",
        .failure: "Your answer could not be recorded just now. Please try again, or use another way.",
        .conference: "Conference", .conferenceCode: "code %1", .files: "Files",
        .replyToMail: "Or reply to this mail; the first line begins with the number or the text of an answer: %1",
    ]
    private static let german: [Key: String] = [
        .replyBy: "Antwort: %1 (oder %2, falls mehrere Alarme offen sind)",
        .greeting: "Guten Tag. Hier ist Tocsin mit einem Alarm.",
        .press: "Drücken Sie %1 für %2.",
        .again: "Drücken Sie 0, um dies noch einmal zu hören.",
        .unknownKey: "Diese Taste hat keine Bedeutung.",
        .goodbye: "Auf Wiederhören.",
        .recorded: "Gespeichert: %1, für Alarm %2.",
        .repeated: "Schon gespeichert: %1, für Alarm %2.",
        .ended: "Alarm %1 wurde %2 von %3 beendet. Ihre Antwort wird nicht mehr gebraucht.",
        .expired: "Alarm %1 ist %2 abgelaufen. Ihre Antwort wird nicht mehr gebraucht.",
        .secondsAgo: "vor %1 Sekunden", .minutesAgo: "vor %1 Minuten", .hoursAgo: "vor %1 Stunden",
        .daysAgo: "vor %1 Tagen",
        .enterPassword: "Bitte geben Sie Ihr Telefonpasswort ein, dann die Rautetaste.",
        .wrongPassword: "Das ist nicht richtig.",
        .noPassword: "Diese Nachricht verlangt ein Telefonpasswort, und Sie haben keines. "
            + "Bitte melden Sie sich an der Konsole an.",
        .joining: "Sie werden mit der Konferenz verbunden.",
        .noBridge: "Die Konferenz hat keine Telefonnummer.",
        .callBack: "Bitte rufen Sie diese Nummer zurück, um zu antworten.",
        .nothingOpen: "Kein Alarm wartet auf Ihre Antwort.",
        .unknownPhone: "Diese Nummer ist hier nicht bekannt. Ihre Nachricht wurde niemandem zugestellt.",
        .notUnderstood: "Das wurde nicht verstanden. Antworten Sie zu Alarm %2: %1",
        .noSuchAlert: "Alarm %1 wartet nicht auf Ihre Antwort.",
        .test: "Tocsin prüft dieses Telefon. Es ist nichts zu tun. Auf Wiederhören.",
        .severalAlerts:
            "Hier ist Tocsin. Es gibt mehrere Alarme für Sie. Bitte sehen Sie in der Konsole nach. Auf Wiederhören.",
        .failure: "Ihre Antwort konnte gerade nicht gespeichert werden. "
            + "Bitte versuchen Sie es noch einmal oder auf anderem Weg.",
        .conference: "Konferenz", .conferenceCode: "Code %1", .files: "Dateien",
        .replyToMail:
            "Oder antworten Sie auf diese Mail; die erste Zeile beginnt mit Nummer oder Text einer Antwort: %1",
    ]
    private static let french: [Key: String] = [
        .replyBy: "Répondez %1 (ou %2 si plusieurs alertes sont ouvertes)",
        .greeting: "Bonjour. Ici Tocsin, avec une alerte.",
        .press: "Tapez %1 pour %2.",
        .again: "Tapez 0 pour réécouter.",
        .unknownKey: "Cette touche n'a pas de réponse.",
        .goodbye: "Au revoir.",
        .recorded: "Enregistré : %1, pour l'alerte %2.",
        .repeated: "Déjà enregistré : %1, pour l'alerte %2.",
        .ended: "L'alerte %1 a été terminée %2 par %3. Votre réponse n'est plus nécessaire.",
        .expired: "L'alerte %1 a expiré %2. Votre réponse n'est plus nécessaire.",
        .secondsAgo: "il y a %1 secondes", .minutesAgo: "il y a %1 minutes", .hoursAgo: "il y a %1 heures",
        .daysAgo: "il y a %1 jours",
        .enterPassword: "Veuillez saisir votre mot de passe téléphonique, puis la touche dièse.",
        .wrongPassword: "Ce n'est pas correct.",
        .noPassword: "Ce message demande un mot de passe téléphonique et vous n'en avez pas. "
            + "Veuillez vous connecter à la console.",
        .joining: "Nous vous connectons à la conférence.",
        .noBridge: "La conférence n'a pas de numéro.",
        .callBack: "Veuillez rappeler ce numéro pour répondre.",
        .nothingOpen: "Aucune alerte n'attend votre réponse.",
        .unknownPhone: "Ce numéro n'est pas connu ici. Votre message n'a été remis à personne.",
        .notUnderstood: "Réponse non comprise. Pour l'alerte %2, répondez : %1",
        .noSuchAlert: "L'alerte %1 n'attend pas votre réponse.",
        .test: "Tocsin vérifie ce téléphone. Il n'y a rien à faire. Au revoir.",
        .severalAlerts: "Ici Tocsin. Plusieurs alertes vous attendent. Veuillez consulter la console. Au revoir.",
        .failure: "Votre réponse n'a pas pu être enregistrée. Veuillez réessayer, ou par un autre moyen.",
        .conference: "Conférence", .conferenceCode: "code %1", .files: "Fichiers",
        .replyToMail:
            "Ou répondez à ce message ; la première ligne commence par le numéro ou le texte d'une réponse : %1",
    ]
    private static let spanish: [Key: String] = [
        .replyBy: "Responda %1 (o %2 si hay varias alertas abiertas)",
        .greeting: "Hola. Le habla Tocsin, con una alerta.",
        .press: "Pulse %1 para %2.",
        .again: "Pulse 0 para oírlo otra vez.",
        .unknownKey: "Esa tecla no tiene respuesta.",
        .goodbye: "Adiós.",
        .recorded: "Registrado: %1, para la alerta %2.",
        .repeated: "Ya registrado: %1, para la alerta %2.",
        .ended: "La alerta %1 fue terminada %2 por %3. Su respuesta ya no hace falta.",
        .expired: "La alerta %1 caducó %2. Su respuesta ya no hace falta.",
        .secondsAgo: "hace %1 segundos", .minutesAgo: "hace %1 minutos", .hoursAgo: "hace %1 horas",
        .daysAgo: "hace %1 días",
        .enterPassword: "Introduzca su contraseña telefónica y pulse la tecla almohadilla.",
        .wrongPassword: "No es correcta.",
        .noPassword: "Este mensaje requiere una contraseña telefónica y usted no tiene. Inicie sesión en la consola.",
        .joining: "Le conectamos con la conferencia.",
        .noBridge: "La conferencia no tiene número.",
        .callBack: "Llame a este número para responder.",
        .nothingOpen: "Ninguna alerta espera su respuesta.",
        .unknownPhone: "Este número no es conocido aquí. Su mensaje no se entregó a nadie.",
        .notUnderstood: "No se entendió. Para la alerta %2, responda: %1",
        .noSuchAlert: "La alerta %1 no espera su respuesta.",
        .test: "Tocsin prueba este teléfono. No hay nada que hacer. Adiós.",
        .severalAlerts: "Le habla Tocsin. Hay varias alertas para usted. Mire la consola. Adiós.",
        .failure: "Su respuesta no se pudo registrar ahora. Inténtelo de nuevo o por otro medio.",
        .conference: "Conferencia", .conferenceCode: "código %1", .files: "Archivos",
        .replyToMail:
            "O responda a este correo; la primera línea empieza con el número o el texto de una respuesta: %1",
    ]
}
