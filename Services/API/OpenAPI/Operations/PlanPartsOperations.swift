import AlertCore
import Persistence

extension OperationGroup {
    static let planParts = OperationGroup(
        name: "Parts of workflows",
        operations: [
            .list("plans/{plan}/constants", of: "Constant", "Constants."),
            .save("plans/{plan}/constants", "ConstantRequest", "Constant", "Makes or changes a constant."),
            .get("plans/{plan}/constants/{part}", "Constant", "A constant."),
            .delete("plans/{plan}/constants/{part}", "Constant", "Deletes a constant."),
            .list("plans/{plan}/endpoints", of: "Endpoint", "Endpoints."),
            .save("plans/{plan}/endpoints", "EndpointRequest", "Endpoint", "Makes or changes an endpoint."),
            .get("plans/{plan}/endpoints/{part}", "Endpoint", "An endpoint."),
            .delete("plans/{plan}/endpoints/{part}", "Endpoint", "Deletes an endpoint."),
            .list("plans/{plan}/property-definitions", of: "PropertyDefinition", "Properties."),
            .save(
                "plans/{plan}/property-definitions", "PropertyDefinitionRequest", "PropertyDefinition",
                "Makes or changes a property."),
            .get("plans/{plan}/property-definitions/{part}", "PropertyDefinition", "A property."),
            .delete("plans/{plan}/property-definitions/{part}", "PropertyDefinition", "Deletes a property."),
        ],
        requests: [
            "ConstantRequest": """
            description: text
            id: text
            name: text
            value: text
            """,
            "EndpointRequest": """
            authentication: object
              clientAuthentication: text
              client_secret: text
              grantType: enum(PASSWORD, CLIENT_CREDENTIALS, REFRESH_TOKEN)
              oauthClientId: text(..4000)
              oauthTokenUrl: text
              password: text(..200)
              refreshToken: text
              scopes: text(..4000)
              token: text
              username: text(..4000)
            authenticationType: enum(NO_AUTH, BASIC, OAUTH2, BEARER, OAUTH2_FORCE, OAUTH_SLACK, \
            OAUTH2_MS_GRAPH, SERVICENOW, REMEDY_TOKEN, XMATTERS)
            certificateAuthority: text(..65536)
            clientCertificate: object
              certificate: text(..65536)
              privateKey: text(..4000)
            endpointType: enum(EXTERNAL, XMATTERS)
            id: text
            name: text
            preemptive: boolean
            trustSelfSigned: boolean
            url: text(..2000)
            """,
            "PropertyDefinitionRequest": """
            categories: [text]
            default: any
            delimiter: text(..20)
            description: text
            helpText: text(..4000)
            id: text
            items: [text]
            maxLength: integer
            maximum: number
            minLength: integer
            minimum: number
            name: text
            paths: [any]
            pattern: text(..1000)
            propertyType: enum(BOOLEAN, NUMBER, TEXT, PASSWORD, HIERARCHY, LIST_TEXT_SINGLE_SELECT, \
            LIST_TEXT_MULTI_SELECT)
            units: text(..255)
            validate: any
            """,
        ])
}
