# Completions of netstat for PowerShell, as netstat --generate complete-powershell writes them. The program itself says
# what to offer.
Register-ArgumentCompleter -Native -CommandName 'netstat', 'netstat.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @()
    $word = ''
    foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
        $extent = $element.Extent
        if ($extent.StartOffset -ge $cursorPosition) {
            break
        }
        if ($extent.EndOffset -ge $cursorPosition) {
            $word = $extent.Text.Substring(0, $cursorPosition - $extent.StartOffset).TrimStart("'", '"')
        } elseif ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
            $before += $element.Value
        } else {
            $before += $extent.Text
        }
    }
    # Only the last of several words that commas join may be replaced.
    $typed = $wordToComplete.TrimStart("'", '"')
    $kept = if ($word.EndsWith($typed)) { $word.Length - $typed.Length } else { 0 }
    $program = $commandAst.GetCommandName()
    foreach ($line in @(& $program --complete powershell "--word=$word" -- @before 2>$null)) {
        $text, $meaning = "$line".Split("`t", 2)
        # Where nothing is offered PowerShell completes names of files.
        if ($null -eq $meaning -or $text.Length -le $kept) {
            continue
        }
        $shown = $text.Substring($kept)
        # PowerShell ends a quoted string at typographic quotes as well.
        $inside = [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($shown)
        $completed = if ($shown -match '[^\w./:%+=,\\-]') { "'$inside'" } else { $shown }
        $tip = if ($meaning) { $meaning } else { $shown }
        [System.Management.Automation.CompletionResult]::new($completed, $shown, 'ParameterValue', $tip)
    }
}
