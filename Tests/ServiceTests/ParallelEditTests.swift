import AlertCore
import Foundation
import TestSupport
import Testing

/// Several changes of the same entry at the same time, each by what it was: none is lost.
@Suite(.inTurn)
struct ParallelEditTests {
    @Test(arguments: Backend.available)
    func everyMemberThatIsAddedAtOnceBelongsToTheGroup(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let names = (0..<24).map { "person\($0)" }
            try await server.add(people: names)
            try await server.add(group: "everybody", ["groupType": "BROADCAST"])
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for name in names {
                    tasks.addTask {
                        try await server.sent(
                            200, "POST", "groups/everybody/members", ["id": .string(name)])
                    }
                }
                try await tasks.waitForAll()
            }
            let members = try await server.sent(200, "GET", "groups/everybody/members?limit=100")
            #expect(members.data.count == names.count)
        }
    }
}
