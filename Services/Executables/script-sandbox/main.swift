import JavaScriptEngine

SandboxWorker.main()
