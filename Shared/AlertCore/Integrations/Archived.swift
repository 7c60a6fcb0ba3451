/// Something that can come from a workflow's file, and keeps what it looked like there.
///
/// An export starts from that object and puts the present values in its place: what this program does not know of
/// it comes out as it came in (spec §7.1).
public protocol Archived {
    /// `nil` for what was not imported.
    var archived: JSONValue? { get set }
}

extension Plan: Archived {}
extension Form: Archived {}
extension FormSection: Archived {}
extension PropertyDefinition: Archived {}
extension Constant: Archived {}
extension Endpoint: Archived {}
extension Integration: Archived {}
extension SharedLibrary: Archived {}
extension ScriptStep: Archived {}
extension TriggerFilter: Archived {}
extension Canvas: Archived {}
