/// What other parts of the server answer.
extension OperationGroup {
    static let others = OperationGroup(
        name: "Requests and tokens",
        operations: [
            OperationDescription(
                method: .post, path: "/api/integration/1/functions/{integration}/triggers",
                summary: "A request to an inbound integration, durable when it is answered.",
                notes: "Who may send is up to the integration: anybody, `apiKey` in the query, Basic or Bearer.",
                query: """
                    apiKey: text -- Of integrations with URL authentication.
                    recipients: text -- Names between commas, where the body names none.
                    """,
                body: "map(any)", isBodyRequired: false, answers: [202: "Accepted"], errors: [405, 413, 415]),
            OperationDescription(
                method: .post, path: "/api/xm/1/forms/{form}/triggers", summary: "A request to a form, as the caller.",
                notes: "Needs `send`. `scenario` names, by id or name, what fills in what the request leaves open.",
                body: "map(any)", answers: [202: "Accepted"], errors: [405, 413, 415]),
            OperationDescription(
                method: .post, path: "/reapi/2015-04-01/forms/{form}/triggers",
                summary: "The same, as older clients send it.",
                notes: "Also with 2014-12-01 and 2015-01-01. Needs `send`.", body: "map(any)",
                answers: [200: "LegacyAccepted"], errors: [405, 413, 415]),
            OperationDescription(
                method: .post, path: "/api/xm/1/oauth2/token", summary: "A token, by password or by a refresh token.",
                notes: "The parameters may also stand in the query.", body: "TokenRequest",
                bodyMedia: "application/x-www-form-urlencoded", answers: [200: "Token"], errors: [413]),
        ],
        answers: [
            "Accepted": """
            requestId!: text -- What the request and its alerts are found by.
            """,
            "LegacyAccepted": """
            id!: text -- The number of the alert.
            """,
            "TokenRequest": """
            grant_type!: enum(password, refresh_token)
            client_id: text
            username: text
            password: text
            refresh_token: text
            """,
            "Token": """
            access_token!: text
            token_type!: text
            refresh_token!: text
            expires_in!: integer -- Seconds.
            jti!: text
            """,
        ])
}
