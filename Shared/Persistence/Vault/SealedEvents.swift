import AlertCore
import Foundation

// Where events become rows and rows events.
extension PersonVault {
    /// The events as they are stored: what is personal in them is sealed, and the actor, where it is a person.
    /// - Parameter before: The position before the first of them.
    func sealed(
        _ events: [NewEvent], in partition: LogPartition, after before: Position, in connection: any SQLConnection
    ) throws(StoreError) -> [NewEvent] {
        var people: Set<String> = []
        for event in events {
            people.formUnion(event.personal.lazy.map(\.person))
            if let person = event.person { people.insert(person) }
        }
        people = people.filter(SealedText.isFit)
        let keys = people.isEmpty ? [:] : try keys(of: people, in: connection, isWriting: true)
        return events.enumerated().map { index, event in
            let place = SealedText.Place(partition, before + Position(index) + 1)
            return event.sealed(with: keys, at: place)
        }
    }

    /// The rows as they were before they were sealed, as far as their people's keys are there.
    func opened(_ rows: [RecordedEvent], in connection: any SQLConnection) throws(StoreError) -> [RecordedEvent] {
        var people: Set<String> = []
        for row in rows { people.formUnion(row.people) }
        let keys = people.isEmpty ? [:] : try keys(of: people, in: connection, isWriting: false)
        return rows.map { $0.opened(with: keys) }
    }
}

extension NewEvent {
    /// Who acts, when that is a person: as the origin says, or as one of those whom the event names.
    fileprivate var person: String? {
        origin.person ?? personal.first { $0.isName && $0.text == origin.actor }?.person
    }

    fileprivate func sealed(with keys: [String: PersonVault.Key], at place: SealedText.Place) -> NewEvent {
        var origin = origin
        let named = personal + (person.map { [PersonalText(self.origin.actor, of: $0, isName: true)] } ?? [])
        if let person, let actor = SealedText.stored(origin.actor, of: person, with: keys[person], at: place) {
            origin.actor = actor
        } else {
            origin.actor = SealedText.stored(origin.actor, [], with: keys, at: place)
        }
        return NewEvent(
            stream: stream, version: version, type: type,
            data: SealedText.stored(data, named, with: keys, at: place), origin: origin, recordedAt: recordedAt)
    }
}

extension RecordedEvent {
    /// The ids of those whose sealed texts are in the row.
    package var people: Set<String> { SealedText.people(in: data).union(SealedText.people(in: origin.actor)) }

    fileprivate func opened(with keys: [String: PersonVault.Key]) -> RecordedEvent {
        let place = SealedText.Place(partition: partition, position: position)
        var origin = origin
        let actors = SealedText.people(in: origin.actor)
        if actors.count == 1 { origin.person = actors.first }
        origin.actor = SealedText.open(origin.actor, at: place, with: keys)
        return RecordedEvent(
            partition: partition, position: position, stream: stream, version: version, type: type,
            data: SealedText.open(data, at: place, with: keys), origin: origin, recordedAt: recordedAt, hash: hash)
    }
}

extension SealedText {
    /// A whole text as it is stored; `nil` when it cannot be sealed.
    fileprivate static func stored(
        _ text: String, of person: String, with key: PersonVault.Key?, at place: Place
    ) -> String? {
        switch key {
        case .whole(let key): String(decoding: seal(Data(text.utf8), of: person, with: key, at: place), as: UTF8.self)
        case .destroyed: erased(person)
        case .unreadable, nil: nil
        }
    }

    /// JSON as it is stored.
    fileprivate static func stored(
        _ text: String, _ personal: [PersonalText], with keys: [String: PersonVault.Key], at place: Place
    ) -> String {
        var text = text
        let stored: [UInt8]? = text.withUTF8 { bytes in
            let found = PersonalScan.find(personal.filter { keys[$0.person] != nil }, in: bytes)
            guard !found.isEmpty || bytes.firstPlace(of: mark) != nil else { return nil }
            var stored: [UInt8] = []
            stored.reserveCapacity(bytes.count + found.count * 120)
            var end = 0
            for part in found {
                let plain = UnsafeBufferPointer(rebasing: bytes[part.range])
                guard let sealed = replacement(of: plain, of: part.person, keys[part.person], at: place) else {
                    continue
                }
                append(UnsafeBufferPointer(rebasing: bytes[end..<part.range.lowerBound]), to: &stored)
                stored += sealed
                end = part.range.upperBound
            }
            append(UnsafeBufferPointer(rebasing: bytes[end...]), to: &stored)
            return stored
        }
        return stored.map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    private static func replacement(
        of plain: UnsafeBufferPointer<UInt8>, of person: String, _ key: PersonVault.Key?, at place: Place
    ) -> [UInt8]? {
        switch key {
        case .whole(let key): seal(Data(plain), of: person, with: key, at: place)
        case .destroyed: Array(erased(person).utf8)
        case .unreadable, nil: nil
        }
    }

    /// What is not sealed, so that it looks like nothing that is.
    private static func append(_ plain: UnsafeBufferPointer<UInt8>, to stored: inout [UInt8]) {
        var start = 0
        while let place = plain.firstPlace(of: mark, from: start) {
            stored += plain[start..<place + mark.count]
            stored.append(tilde)
            start = place + mark.count
        }
        stored += plain[start...]
    }
}
