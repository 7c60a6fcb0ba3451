import TestSupport
import Testing

@testable import API

/// Unified differences, as `diff -u` prints them.
@Suite(.inTurn) struct TextDifferenceTests {
    @Test(arguments: [
        ("a\nb\n", "a\nb\n", ""),
        ("", "a\n", "--- 1\n+++ 2\n@@ -0,0 +1,1 @@\n+a\n"),
        ("a\n", "", "--- 1\n+++ 2\n@@ -1,1 +0,0 @@\n-a\n"),
        ("a\nb\nc\n", "a\nB\nc", "--- 1\n+++ 2\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"),
    ])
    func isUnified(_ old: String, _ new: String, _ expected: String) {
        #expect(TextDifference(from: old, to: new).unified(from: "1", to: "2") == expected)
    }

    @Test func keepsDistantChangesApart() {
        let old = (1...30).map(String.init)
        var new = old
        new[2] = "three"
        new[25] = "twenty-six"
        let difference = TextDifference(from: old.joined(separator: "\n"), to: new.joined(separator: "\n"))
        #expect(difference.hunks.map(\.title) == ["@@ -1,6 +1,6 @@", "@@ -23,7 +23,7 @@"])
        // Applied to the old text, it gives the new one.
        #expect(difference.lines.filter { $0.kind != .removed }.map(\.text) == new)
        #expect(difference.lines.filter { $0.kind != .added }.map(\.text) == old)
    }
}
