$ErrorActionPreference = 'Stop'
$tools = Split-Path -Parent $MyInvocation.MyCommand.Definition
$folder = 'netstat-@VERSION@-x86_64-windows'
$sum = '@X64@'
if ($env:PROCESSOR_ARCHITECTURE -eq 'ARM64') {
    $folder = 'netstat-@VERSION@-aarch64-windows'
    $sum = '@ARM64@'
}
Install-ChocolateyZipPackage -PackageName 'nets' -UnzipLocation $tools `
    -Url64bit "@HOME@/releases/download/v@VERSION@/$folder.zip" -Checksum64 $sum -ChecksumType64 'sha256'
# The command is nets: Chocolatey would make a shim for each program that it finds.
$program = Join-Path $tools "$folder\netstat.exe"
New-Item "$program.ignore" -ItemType File -Force | Out-Null
Install-BinFile -Name 'nets' -Path $program
