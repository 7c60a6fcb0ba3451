import AlertCore
import Persistence

// Signed statements of how far the event log was: ours.
extension EventServices {
    var auditCheckpointRoutes: [RESTRoute] {
        [
            .get("audit/checkpoints") { try await auditCheckpoints($0) },
            .get("audit/checkpoint-keys") { _ in
                let keys = try await database.reading { try AuditCheckpoints($0).keys() }
                return .ok(["data": .array(keys.map(representation))])
            },
        ]
    }

    /// Newest first.
    private func auditCheckpoints(_ call: RESTCall) async throws -> RESTAnswer {
        let paging = try call.query.paging()
        let (total, rows) = try await database.reading {
            try AuditCheckpoints($0).page(offset: paging.offset, limit: paging.limit)
        }
        return .ok(call.page(try rows.map(representation), total: total, paging))
    }

    private func representation(_ signed: SignedCheckpoint) throws -> JSONValue {
        let checkpoint = try signed.checkpoint()
        return [
            "number": .integer(checkpoint.number), "at": .string(checkpoint.at.iso),
            "heads": .object(
                checkpoint.heads.mapValues { ["position": .integer($0.position), "hash": .string($0.hash)] }),
            "previous": .string(checkpoint.previous), "keyId": .string(checkpoint.keyId),
            "document": .string(signed.document), "hash": .string(signed.hash),
            "publicKey": .string(signed.publicKey), "signature": .string(signed.signature),
        ]
    }

    private func representation(_ key: String) -> JSONValue {
        let id = (try? CheckpointKey(base64: key))?.id ?? ""  // shown as it is
        return ["keyId": .string(id), "publicKey": .string(key)]
    }
}
